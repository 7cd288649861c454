/** A part of a Sigma string: plain text, `*`, `?`, or one of the dashes that Windows programs take for one. */
export type Token = { text: string } | 'any' | 'one' | 'dash'
export type Text = readonly Token[]

/** A string as a rule writes it: `*` and `?` are wildcards unless a backslash stands before; `\\` is one backslash, any other stands for itself. */
export function readText(written: string): Text {
  const tokens: Token[] = []
  let plain = ''
  const end = (token?: Token): void => {
    if (plain !== '') tokens.push({ text: plain })
    if (token !== undefined) tokens.push(token)
    plain = ''
  }
  for (let at = 0; at < written.length; at += 1) {
    const char = written[at] ?? ''
    const following = written[at + 1]
    if (char === '\\' && (following === '*' || following === '?' || following === '\\')) {
      plain += following
      at += 1
    } else if (char === '*') end('any')
    else if (char === '?') end('one')
    else plain += char
  }
  end()
  return tokens
}

/** The text where it is plain; undefined where it holds a wildcard. */
export function plainOf(text: Text): string | undefined {
  let plain = ''
  for (const token of text) {
    if (typeof token === 'string') return undefined
    plain += token.text
  }
  return plain
}

export function mapPlain(text: Text, change: (plain: string) => Text): Text {
  return text.flatMap((token) => (typeof token === 'string' ? [token] : change(token.text)))
}

/** A dash or slash that begins a word: `-enc`, `/c`, but not the one in `a-b`. */
const flagDash = /(?<![\p{L}\p{N}_])[-/](?=[\p{L}\p{N}_])/u

export function withAnyDash(text: Text): Text {
  return mapPlain(text, (plain) =>
    plain
      .split(flagDash)
      .flatMap((part, index): Token[] => [...(index > 0 ? (['dash'] as const) : []), ...(part === '' ? [] : [{ text: part }])]),
  )
}
