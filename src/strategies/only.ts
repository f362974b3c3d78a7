/** A glob of a policy or of .gitattributes as a step takes it: from the root, and where it has no slash, in every folder. */
export function asOnly(glob: string): string {
  return glob.includes('/') ? glob.replace(/^\//, '') : `**/${glob}`;
}
