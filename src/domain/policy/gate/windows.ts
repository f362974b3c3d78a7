const WIDTH = 1000;
const OVERLAP = 200;

/** A long line in pieces that overlap, so that no pattern sees more than a page of it. */
export function windows(text: string): readonly string[] {
  if (text.length <= WIDTH) return [text];
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += WIDTH - OVERLAP) pieces.push(text.slice(at, at + WIDTH));
  return pieces;
}

/** Texts that a line puts together from literals, as one literal. */
export function joined(text: string): string {
  return text.replace(/(?<=['"`\w])(['"`])\s{0,5}(?:\+|\.\.|<>|\|\||)\s{0,5}\1(?=[\w'"`])/g, '');
}
