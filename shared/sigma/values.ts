import { base64, base64Offsets, bytesOf, utf16 } from './encode.ts'
import { plainOf, readText, type Text, type Token, withAnyDash } from './text.ts'
import { refuse } from './unsupported.ts'

/** A value of a rule on its way through the modifiers, in the order in which they are written. */
export interface Draft {
  text: Text
  /** Each character stands for a byte. */
  isBytes: boolean
}

type Change = (draft: Draft) => Draft[]

const noted = (text: Text, { isBytes }: Draft): Draft[] => [{ text, isBytes }]
const withAny = (text: Text, isBefore: boolean, isAfter: boolean): Token[] => [
  ...(isBefore && text[0] !== 'any' ? (['any'] as const) : []),
  ...text,
  ...(isAfter && (text.at(-1) !== 'any' || text.length === 1) ? (['any'] as const) : []),
]

const contained = (draft: Draft): Draft[] => noted(withAny(draft.text, true, true), draft)
const littleEndian = (draft: Draft): Draft[] => wide(draft, (plain) => utf16(plain, false))

/** The modifiers that make other texts of a text. */
export const changes: Readonly<Record<string, Change>> = {
  contains: contained,
  startswith: (draft) => noted(withAny(draft.text, false, true), draft),
  endswith: (draft) => noted(withAny(draft.text, true, false), draft),
  windash: (draft) => noted(withAnyDash(draft.text), draft),
  ...{ wide: littleEndian, utf16le: littleEndian },
  utf16be: (draft) => wide(draft, (plain) => utf16(plain, true)),
  utf16: (draft) => wide(draft, (plain) => `\xff\xfe${utf16(plain, false)}`),
  base64: (draft) => [ascii(base64(encodable(draft, 'base64')))],
  base64offset: (draft) => base64Offsets(encodable(draft, 'base64offset')).flatMap((text) => contained(ascii(text))),
}

const ascii = (text: string): Draft => ({ text: [{ text }], isBytes: false })

function wide(draft: Draft, encode: (plain: string) => string): Draft[] {
  const plain = plainOf(draft.text)
  if (plain === undefined) refuse('a text with wildcards can’t be encoded')
  return [{ text: [{ text: encode(plain) }], isBytes: true }]
}

function encodable(draft: Draft, modifier: string): Uint8Array {
  const plain = plainOf(draft.text)
  if (plain === undefined) refuse(`“${modifier}” can’t encode a text with wildcards`)
  if (plain === '') refuse(`“${modifier}” of nothing fits everything`)
  return bytesOf(plain, draft.isBytes)
}

/** How many texts one value may become by its placeholders. */
const maxExpanded = 10_000
const placeholder = /(?<!\\)%(\w+)%/

/** `%name%` → each of the texts that the policy has under that name. */
export function expand(written: string, placeholders: Readonly<Record<string, readonly string[]>>): string[] {
  const done: string[] = []
  const open = [written]
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const found = placeholder.exec(text)
    if (!found) done.push(text)
    else open.push(...replaced(text, found, placeholders))
    if (open.length + done.length > maxExpanded) refuse(`its placeholders make more than ${maxExpanded} texts of one value`)
  }
  return done
}

function replaced(text: string, found: RegExpExecArray, placeholders: Readonly<Record<string, readonly string[]>>): string[] {
  const name = found[1] ?? ''
  const own = Object.hasOwn(placeholders, name) ? placeholders[name] : undefined
  if (!own || own.length === 0) refuse(`the policy has nothing for its placeholder %${name}%`)
  // A percent sign in what the policy says is no placeholder again.
  return own.map((value) => text.slice(0, found.index) + value.replaceAll('%', '\\%') + text.slice(found.index + found[0].length))
}

export function draftOf(written: string): Draft {
  return { text: readText(written), isBytes: false }
}
