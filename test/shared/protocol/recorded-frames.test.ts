import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { documents } from '#shared/protocol/documents.ts'
import { CommandAuthority } from '#shared/protocol/enrolment.ts'
import { decode } from '#shared/protocol/envelope.ts'
import { AgentMessage, CollectorMessage } from '#shared/protocol/messages.ts'
import { RecordBody } from '#shared/protocol/record.ts'
import { readySigners, verifyDocument } from '../../../agent/identity/verify-document.ts'

/* Frames as they went over the wire, one folder a version. They are added to, never changed: each must be accepted for ever. */
const folder = join(import.meta.dirname, '../../golden/protocol')
const sides = { agent: AgentMessage, collector: CollectorMessage }

const recorded = readdirSync(folder).flatMap((version) =>
  (['agent', 'collector'] as const).flatMap((side) =>
    readdirSync(join(folder, version, side)).map((file) => ({
      ...{ version, side, file },
      text: readFileSync(join(folder, version, side, file), 'utf8'),
    })),
  ),
)

describe.each(recorded)('$version $side $file', ({ side, text }) => {
  it('is accepted, whole', () => {
    const decoded = decode(sides[side], text)
    if (decoded.kind === 'malformed') throw new Error(decoded.reason)
    expect(decoded.message).toEqual(JSON.parse(text))
    if (decoded.message.kind !== 'records') return
    for (const { body } of decoded.message.records) expect(RecordBody.parse(body)).toEqual(body)
  })
})

it.each(['agent', 'collector'] as const)('there is one of every frame that the %s sends', (side) => {
  const kinds = sides[side].options.map(({ shape }) => shape.kind.value).sort()
  const found = recorded.filter((each) => each.side === side).map(({ text }) => (JSON.parse(text) as { kind: string }).kind)
  expect([...new Set(found)].sort()).toEqual(kinds)
})

it('there is one of every record', () => {
  const found = recorded.flatMap(({ text }) => (JSON.parse(text) as { records?: { body: { type: string } }[] }).records ?? [])
  expect(new Set(found.map(({ body }) => body.type))).toEqual(new Set(RecordBody.options.map(({ shape }) => shape.type.value)))
})

it.each(readdirSync(folder))('the signed document of %s verifies with the key that signed it', async (version) => {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, version, file), 'utf8'))
  const frame = CollectorMessage.parse(read('collector/document.json'))
  const definition = frame.kind === 'document' ? documents.get(frame.name) : undefined
  if (frame.kind !== 'document' || !definition) throw new TypeError('no document of ours')
  const signers = await readySigners([CommandAuthority.parse(read('authority.json'))])
  expect(await verifyDocument(definition, frame.jws, signers)).toMatchObject({
    kind: 'document',
    document: { name: 'addresses', number: 1, content: { collectors: ['https://rmm.example.org:7843', 'https://192.0.2.7'] } },
  })
})
