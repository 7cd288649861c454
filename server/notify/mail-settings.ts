import { readFileSync, statSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'

const Server = z.strictObject({
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
  user: z.string().optional(),
  password: z.string().optional(),
  /** `none` is for a server on this machine. */
  tls: z.enum(['starttls', 'from-the-start', 'none']).default('starttls'),
})

/** The operator's own file: which mail server sends, and from which mailbox answers are read. */
export const MailSettings = z.strictObject({
  /** `Desk <desk@example.org>` */
  from: z.string().regex(/@[^@\s>]+>?$/, 'expected an address such as Desk <desk@example.org>'),
  smtp: Server,
  imap: Server.extend({
    folder: z.string().default('INBOX'),
    /** The name by which our own mail server says in `Authentication-Results` whether a sender is who they say; the domain of `from`. */
    trusts: z.string().optional(),
  }).optional(),
})
export type MailSettings = z.infer<typeof MailSettings>

/** @throws Fault `mail-bad` with one sentence; what is in the file is never repeated. */
export function readMailSettings(file: string): MailSettings {
  try {
    // It holds passwords.
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
      throw new Error('others on this machine can read it; run chmod 600 on it')
    const parsed = MailSettings.safeParse(parse(readFileSync(file, 'utf8'), { prettyErrors: false }))
    if (parsed.success) return parsed.data
    throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
  } catch (error) {
    throw new Fault('mail-bad', `The mail settings in ${file} can't be used: ${sentenceOf(error)}.`, { cause: error })
  }
}

/** Where our own message-ids end. */
export const mailDomain = (from: string): string => /@([^@\s>]+)>?$/.exec(from)?.[1] ?? 'tierline.invalid'
