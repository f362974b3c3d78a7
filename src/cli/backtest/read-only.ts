import { Failure } from '../../domain/failure.ts';
import type { Forge } from '../../integrations/contract.ts';
import type { ArtifactStore } from '../../store/contract.ts';

function never(what: string): () => Promise<never> {
  return () => Promise.reject(new Failure('bug', `a back-test was about to ${what}; it writes nothing`));
}

/** A forge of which everything can be read and nothing written: a write is a fault of ours and ends the case. */
export function readOnlyForge(forge: Forge): Forge {
  const { repositories, checks, changes, deployments } = forge;
  return {
    repositories,
    checks: {
      list: checks.list,
      log: checks.log,
      lastGreen: checks.lastGreen,
      ...(checks.annotations === undefined ? {} : { annotations: checks.annotations }),
    },
    changes: {
      get: changes.get,
      listOpen: changes.listOpen,
      findByBranch: changes.findByBranch,
      ownBranches: changes.ownBranches,
      findByMarker: changes.findByMarker,
      commit: never('commit'),
      open: never('open a pull request'),
      merge: never('merge'),
      close: never('close a pull request'),
      deleteBranch: never('delete a branch'),
    },
    deployments: { list: deployments.list, get: deployments.get, create: never('deploy') },
    claims: { upsert: never('write a comment') },
    people: { trust: never('ask who somebody is'), react: never('react to a comment'), answer: never('answer a comment') },
  };
}

/** Reads what was recorded, writes beside it. */
export function overlayArtifacts(beside: ArtifactStore, recorded: ArtifactStore): ArtifactStore {
  return {
    put: (content, mediaType) => beside.put(content, mediaType),
    get: (ref) =>
      beside.get(ref).catch((error: unknown) => {
        if (error instanceof Failure && error.code === 'artifact-missing') return recorded.get(ref);
        throw error;
      }),
  };
}
