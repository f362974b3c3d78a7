import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelQuestion, ModelReply } from '../../../src/domain/model-exchange.schema.ts';
import { recorded } from '../../../src/integrations/recorded/index.ts';
import { createRecordedModel, recording } from '../../../src/integrations/recorded/model.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const QUESTION: ModelQuestion = { purpose: 'patch', instructions: 'i', input: 'x', maxOutputTokens: 10 };
const reply = (text: string): ModelReply => ({ kind: 'text', text, model: 'm', usage: null });

describe('recorded answers of a model', () => {
  it('are said again to the same question, whatever the order of its parts', async () => {
    const folder = temporaryFolder();
    let nth = 0;
    const model = recording({ name: 'm', price: null, ask: async () => reply(`answer ${(nth += 1)}`) }, folder);
    expect(await model.ask(QUESTION)).toEqual(reply('answer 1'));
    const { maxOutputTokens, ...rest } = QUESTION;
    expect(await createRecordedModel(folder).ask({ maxOutputTokens, ...rest })).toEqual(reply('answer 1'));
    // The first answer stays.
    await model.ask(QUESTION);
    expect(await createRecordedModel(folder).ask(QUESTION)).toEqual(reply('answer 1'));
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('say which file is missing or is none', async () => {
    const folder = temporaryFolder();
    const model = createRecordedModel(folder);
    await expect(model.ask(QUESTION)).rejects.toMatchObject({ code: 'not-permitted', message: expect.stringContaining(folder) });
    await recording({ name: 'm', price: null, ask: async () => reply('x') }, folder).ask(QUESTION);
    writeFileSync(join(folder, readdirSync(folder)[0] ?? ''), '{');
    await expect(model.ask(QUESTION)).rejects.toMatchObject({ code: 'not-permitted', message: expect.stringContaining('remove it') });
  });

  it('are a model only where a folder is named', () => {
    const context = (folder?: string) => ({
      config: { folder },
      stateDir: '',
      secret: () => [],
      readArtifact: async () => new Uint8Array(),
    });
    expect(recorded.model?.(context())).toBeNull();
    expect(recorded.model?.(context('/x'))).toMatchObject({ name: 'recorded', price: null });
  });
});
