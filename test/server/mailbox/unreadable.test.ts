import { expect, it } from 'vitest'
import { readMail } from '../../../server/mailbox/read-mail.ts'

/** Multiparts in each other, deeper than anybody's answer. */
const nested = (depth: number): string =>
  Array.from({ length: depth }, (_, level) => `Content-Type: multipart/mixed; boundary="b${level}"\r\n\r\n--b${level}\r\n`).join('')

const read = (raw: string) => readMail(Buffer.from(raw), 'mx.example.org')

it.each([
  ['parts within parts without end', nested(200)],
  ['a header without end', `X-Long: ${'x'.repeat(400_000)}\r\n\r\ntext`],
])('%s: is known by what it is, and waits for a person', async (_, hostile) => {
  const mail = await read(`From: Mallory <mallory@example.net>\r\nMessage-ID: <deep@example.net>\r\n${hostile}`)
  expect(mail).toMatchObject({ unreadable: expect.stringMatching(/./), text: '', automatic: undefined })
  expect(mail.id).toMatch(/^[0-9a-f]{64}$/)
})

it.each([
  ['longer than any', `<${'m'.repeat(5_000)}@example.net>`],
  ['of bytes that no database takes', '<a\0b@example.net>'],
])('a Message-ID %s is not what it is known by', async (_, id) => {
  const raw = `From: carl@acme.example\r\nMessage-ID: ${id}\r\nSubject: Hello\r\n\r\nHello`
  const [first, again] = [await read(raw), await read(raw)]
  expect(first.id).toBe(again.id)
  expect(first.id.length).toBeLessThanOrEqual(998)
  expect(first.id).not.toContain('\0')
})

it('a sender of bytes that no database takes is read as far as it can be', async () => {
  expect((await read('From: "x" <a\0b@example.net>\r\n\r\nHello')).sender).not.toContain('\0')
})
