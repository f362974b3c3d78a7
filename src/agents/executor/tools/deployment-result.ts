import { z } from 'zod';
import { DeploymentResult } from '../../../domain/deployment-result.schema.ts';
import { Failure } from '../../../domain/failure.ts';
import { IncidentId } from '../../../domain/incident-id.schema.ts';
import { defineTool } from '../../tool.ts';

/** How far the repair of an incident came. */
export const deploymentResultTool = (result: (incident: string) => Promise<DeploymentResult | null>) =>
  defineTool({
    name: 'deployment_result',
    title: 'Read the deployment result',
    description:
      'How far the repair of an incident came: proven, proposed, merged, deployed, verified, or how else it ended, with the timeline. Reads only.',
    input: z.strictObject({ incident: IncidentId }),
    output: DeploymentResult,
    effect: 'reads',
    idempotent: true,
    least: 'outsider',
    async run({ incident }) {
      const found = await result(incident);
      if (found === null) throw new Failure('repository-gone', `no healing is known for ${incident}`);
      return found;
    },
  });
