import type { UpdateDefinition } from '@temporalio/common';
import { CancellationScope, setHandler, sleep } from '@temporalio/workflow';

/** How one kind of update is taken. */
export interface UpdateTaking<Receipt, Request> {
  /** Throws why the request does not count. Must stay synchronous: an asynchronous validator never refuses. */
  readonly validate: (request: Request) => void;
  readonly take: (request: Request) => Receipt | Promise<Receipt>;
  readonly description: string;
}

/**
 * Takes an update in a turn of its own, and asks again there whether it counts.
 *
 * A worker that reads a history for the first time is given an update together with results from before it, where the tasks in
 * between had nothing to do; every later reading is given the results first (SDK core 1.24.0, `find_end_index_of_next_wft_seq`).
 * What the update did at once would then be done in another order, and no worker could go on with the healing. A timer is the
 * same one command in both readings, and what follows it has an event of its own.
 */
export function handleUpdate<Receipt, Request>(
  definition: UpdateDefinition<Receipt, [Request]>,
  { validate, take, description }: UpdateTaking<Receipt, Request>,
): void {
  setHandler(
    definition,
    async (request) => {
      await CancellationScope.nonCancellable(() => sleep(1, { summary: 'a turn of its own' }));
      validate(request);
      return await take(request);
    },
    { validator: validate, description },
  );
}
