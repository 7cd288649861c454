import { sentenceOf } from '../domain/fault.ts'

/** One event of a file, or why a part of it is none. */
export type ReadEvent = { kind: 'event'; raw: unknown } | { kind: 'bad'; line: number; reason: string }

/**
 * Events out of a text: a JSON array, JSON documents one after another (one a line or not), or, where it doesn't begin like JSON, a line of
 * a log each. What can't be read is said with its line; what follows it is read all the same.
 */
export function* readEvents(text: string): Generator<ReadEvent> {
  const start = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  if (!/^\s*[[{]/.test(start)) {
    for (const line of start.split(/\r?\n/)) if (line.trim() !== '') yield { kind: 'event', raw: line }
    return
  }
  for (const { json, line } of documentsOf(start)) yield* readDocument(json, line)
}

function* readDocument(json: string, line: number): Generator<ReadEvent> {
  try {
    const value: unknown = JSON.parse(json)
    if (Array.isArray(value)) for (const raw of value) yield { kind: 'event', raw }
    else yield { kind: 'event', raw: value }
  } catch (error) {
    yield { kind: 'bad', line, reason: `it is not JSON: ${sentenceOf(error).slice(0, 200)}` }
  }
}

const interesting = /["{}[\]]/g
const stringEnd = /(?<!\\)(?:\\\\)*"/g

/** Cuts at the brackets that close a document. An unfinished one ends with the text. */
function* documentsOf(text: string): Generator<{ json: string; line: number }> {
  let [start, depth, line, counted] = [0, 0, 1, 0]
  interesting.lastIndex = 0
  for (let found = interesting.exec(text); found; found = interesting.exec(text)) {
    const [char] = found
    if (char === '"') {
      stringEnd.lastIndex = found.index + 1
      if (!stringEnd.exec(text)) break
      interesting.lastIndex = stringEnd.lastIndex
      continue
    }
    depth += char === '{' || char === '[' ? 1 : -1
    if (depth > 0) continue
    const end = found.index + 1
    const json = text.slice(start, end).replace(/^[\s,]+/, '')
    const from = end - json.length
    for (; counted < from; counted += 1) if (text[counted] === '\n') line += 1
    yield { json, line }
    start = end
    depth = 0
  }
  const rest = text.slice(start).trim()
  if (rest === '' || rest === ',') return
  const before = text.slice(counted, text.indexOf(rest, start))
  yield { json: rest, line: line + before.split('\n').length - 1 }
}
