/** A text without its case. The small sigma at a word's end becomes the other one, or parts of a word would fold unlike the whole. */
export function fold(text: string): string {
  const lower = text.toLowerCase()
  return lower.includes('ς') ? lower.replaceAll('ς', 'σ') : lower
}
