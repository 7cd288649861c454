import { createHash } from 'node:crypto'
import PostalMime, { type Email } from 'postal-mime'
import { sentenceOf } from '#shared/domain/fault.ts'
import { plainText } from '#shared/domain/plain-text.ts'

/** A mail as far as it matters here. All of it is a stranger's word. */
export interface ReadMail {
  id: string
  sender: string
  subject: string
  /** What they wrote, without what they quoted. */
  text: string
  /** Where a token of ours may stand. */
  threads: string
  /** Why no person wrote this to us; undefined: one may have. */
  automatic: string | undefined
  /** Our own mail server doubts the sender (RFC 8601). */
  isForged: boolean
  /** Why it could not be read at all; what it says is empty then. */
  unreadable: string | undefined
}

const maxText = 10_000
/** Deeper or longer ones are nobody's answer. */
const limits = { maxNestingDepth: 20, maxHeadersSize: 262_144 }
/** A line's length (RFC 5322 §2.1.1), and less than an index of PostgreSQL takes. */
const maxIdLength = 998

/** @param ownServer which name our own mail server signs its opinion with; others' opinions are a stranger's words too. */
export async function readMail(raw: Buffer, ownServer: string | undefined): Promise<ReadMail> {
  try {
    return mailOf(await PostalMime.parse(raw, limits), raw, ownServer)
  } catch (error) {
    return { ...{ id: hashOf(raw), sender: '', subject: '', text: '', threads: '' }, ...unread(error) }
  }
}

const unread = (error: unknown) => ({ automatic: undefined, isForged: false, unreadable: sentenceOf(error) })

function mailOf(email: Email, raw: Buffer, ownServer: string | undefined): ReadMail {
  const header = headersOf(email)
  return {
    id: idOf(email) ?? hashOf(raw),
    sender: plainText(email.from?.address ?? '')
      .toLowerCase()
      .slice(0, 320),
    subject: plainText(email.subject ?? '').slice(0, 300),
    text: plainText(withoutQuotes(email.text ?? '')).slice(0, maxText),
    threads: [email.subject, email.inReplyTo, email.references].join(' '),
    automatic: whyAutomatic(header),
    isForged: isForged(header('authentication-results'), ownServer),
    unreadable: undefined,
  }
}

const hashOf = (raw: Buffer): string => createHash('sha256').update(raw).digest('hex')

/** undefined: it has none that every database takes. */
const idOf = ({ messageId = '' }: Email): string | undefined =>
  messageId.length > 0 && messageId.length <= maxIdLength && plainText(messageId) === messageId ? messageId : undefined

type Header = (name: string) => string[]

const headersOf =
  ({ headers }: Email): Header =>
  (name) =>
    headers.filter(({ key }) => key.toLowerCase() === name).map(({ value }) => value.toLowerCase())

/** RFC 3834 §2 and what programs do that never read it. */
function whyAutomatic(header: Header): string | undefined {
  if (header('x-tierline').length > 0) return 'it is one of our own'
  if (header('auto-submitted').some((value) => !value.startsWith('no'))) return 'a program answered it'
  if (header('return-path').some((value) => value.replace(/\s/g, '') === '<>')) return 'it is a bounce'
  if (header('content-type').some((value) => value.startsWith('multipart/report'))) return 'it is a delivery report'
  if (header('list-id').length > 0 || header('precedence').some((value) => /bulk|list|junk|auto/.test(value))) return 'it went to many'
  return header('x-autoreply').length + header('x-autorespond').length > 0 ? 'a program answered it' : undefined
}

/** Only the topmost opinion, and only if it is our own server's: whoever sends a mail can put others below it. */
function isForged([opinion = '']: string[], ownServer: string | undefined): boolean {
  if (ownServer === undefined || !opinion.startsWith(ownServer.toLowerCase())) return false
  if (/\bdmarc=pass\b/.test(opinion)) return false
  return /\b(dmarc|spf|dkim)=(fail|softfail|permerror)\b/.test(opinion)
}

/** Up to the first line that begins a quotation; what stands below it, its reader has read. */
function withoutQuotes(text: string): string {
  const lines = text.split(/\r?\n/)
  const end = lines.findIndex((line) => /^>|^-{2,} ?(Original|Ursprüngliche)|^_{10,}$|^(On|Am) .{5,120}(wrote|schrieb.*):$/.test(line))
  return (end === -1 ? lines : lines.slice(0, end)).join('\n').trim()
}
