import type { z } from 'zod'
import { maxFrameBytes } from './limits.ts'

export type Decoded<Message> = { kind: 'message'; message: Message } | { kind: 'malformed'; reason: string }

/**
 * Parse at the edge, trust inside: text of one frame → a message of `schema`, or one sentence that says what is wrong.
 * The sentence names the field and never repeats the content.
 */
export function decode<Schema extends z.ZodType>(schema: Schema, text: string): Decoded<z.infer<Schema>> {
  if (text.length > maxFrameBytes) return { kind: 'malformed', reason: `the frame is longer than ${maxFrameBytes} bytes` }
  const json = parseJson(text)
  if (json === undefined) return { kind: 'malformed', reason: 'the frame is not JSON' }
  const parsed = schema.safeParse(json)
  return parsed.success ? { kind: 'message', message: parsed.data } : { kind: 'malformed', reason: firstIssue(parsed.error) }
}

export function encode(message: { kind: string }): string {
  return JSON.stringify(message)
}

/** "records.0.seq: expected number" of the first thing that is wrong, at most 300 characters. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  if (!issue) return 'it does not fit its schema'
  const where = issue.path.map(String).join('.')
  return `${where === '' ? 'it' : where}: ${issue.message}`.slice(0, 300)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
