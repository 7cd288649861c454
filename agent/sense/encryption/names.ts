import { basename, extname } from 'node:path'

/** What people make and would pay for, by the ends of its names; each says what the file must be able to be read as. */
const documents = new Set(
  (
    'txt md rtf tex csv tsv log xml json yaml yml html htm eml msg mbox ics vcf doc docx dot dotx odt ott pages xls xlsx xlsm ods numbers ' +
    'ppt pptx pps odp key pdf epub djvu jpg jpeg png gif tif tiff bmp webp heic raw cr2 nef psd ai svg dwg dxf skp mp3 wav flac m4a ogg mp4 ' +
    'mov avi mkv wmv mpg db sqlite sqlite3 mdb accdb dbf sql bak pst ost qbw zip tar gz tgz bz2 xz 7z rar php js ts py java c cpp h cs go rs rb ' +
    'sh ps1 ini conf cfg vmdk vdi qcow2 vhd vhdx'
  ).split(' '),
)

/** Where programs keep what only they read, the kernel shows itself, and packages lie. Never where people put things. */
const machinery = /^\/(?:proc|sys|dev|run|boot|usr|lib\w*|s?bin|nix|snap|var\/(?:lib\/(?:dpkg|apt|docker|containerd|rpm)|cache))\//

export const isDocument = (path: string): boolean => documents.has(extname(path).slice(1).toLowerCase()) && !machinery.test(path)

/** The document that a name was made of: `Plan.docx.enc`, `Plan.docx.id-7F.locked` → `Plan.docx`. */
export function originalOf(path: string): string | undefined {
  for (let cut = path.lastIndexOf('.'); cut > path.lastIndexOf('/'); cut = path.lastIndexOf('.', cut - 1)) {
    const before = path.slice(0, cut)
    if (isDocument(before)) return before
  }
  return undefined
}

/** Whoever wrote such a thing could not help being told apart from it: outside of machinery, and not in somebody's build. */
export const isWorthLooking = (path: string): boolean => !machinery.test(path)

/** What families of ransomware call what they leave behind, in their usual spellings. */
const notes = [
  /^[!_#\s-]*(?:how|help)[\s_-]*(?:to|you)?[\s_-]*(?:recover|decrypt|restore|unlock|return|get)?[\s_-]*(?:your|my|all)?[\s_-]*(?:files?|data|back)/i,
  /(?:recover|decrypt|restore|unlock)[\w\s-]{0,30}(?:files?|data|instructions?|readme|manual|info|me)\b/i,
  /(?:files?|data|instructions?|readme)[\w\s.-]{0,30}(?:recover|decrypt|restor|unlock|ransom)/i,
  /how[\s_-]*to[\s_-]*(?:decrypt|unlock)/i,
  /^_readme\.txt$/i,
  /ransom[\w\s-]{0,10}note|your[\s_-]*files[\s_-]*(?:are|have|were)/i,
]
const noteEnds = new Set(['', '.txt', '.html', '.htm', '.hta', '.md', '.rtf', '.url', '.png', '.bmp'])

export function isRansomNote(path: string): boolean {
  const name = basename(path)
  return noteEnds.has(extname(name).toLowerCase()) && name.length <= 100 && notes.some((note) => note.test(name))
}
