import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OcsfFinding, OcsfFindings } from '#shared/domain/ocsf.ts'
import { ocsfFindingOf } from '#shared/domain/ocsf-finding.ts'
import { findingLines } from '../../../server/cli/ocsf.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

const hostile = '<script>\u001b[31m\u009b"}\n{"class_uid":1}'
const signal = {
  ...{ id: 'signal-0001', kind: 'security.logon.spray', severity: 'high' as const, state: 'happened' as const, detector: 'failed-logins' },
  ...{ fingerprint: 'security.logon.spray:outside', about: '203.0.113.9', summary: hostile, sensedAt: 1_000, receivedAt: 2_000 },
  facts: {
    technique: 'T1110.003',
    source: '203.0.113.9',
    pid: 7,
    process: 'sshd',
    exe: '/usr/sbin/sshd',
    exeSha256: 'a'.repeat(64),
    commandLine: hostile,
    runbook: 'Look at it.',
  },
  evidence: [{ name: 'last lines of the log', text: hostile }],
}
const device = { id: 'endpoint-1', hostname: 'srv', platform: 'linux' as const, role: 'server' as const }

describe('a finding', () => {
  it('has what OCSF requires, the technique and its parent, the machine, the process and the evidence', () => {
    const finding = OcsfFinding.parse(ocsfFindingOf(signal, device))
    expect(finding).toMatchObject({
      ...{ class_uid: 2004, category_uid: 2, activity_id: 1, type_uid: 200_401, severity_id: 4, severity: 'High', time: 1_000 },
      metadata: {
        version: '1.3.0',
        product: { name: 'Tierline', vendor_name: 'Tierline' },
        event_code: 'security.logon.spray',
        profiles: ['host'],
      },
      finding_info: { uid: signal.fingerprint, attacks: [{ technique: { uid: 'T1110' }, sub_technique: { uid: 'T1110.003' } }] },
      remediation: { desc: 'Look at it.' },
      device: { uid: 'endpoint-1', hostname: 'srv', type_id: 1, os: { type_id: 200 } },
    })
    expect(finding.evidences).toMatchObject([
      { process: { pid: 7, file: { name: 'sshd', path: '/usr/sbin/sshd', hashes: [{ algorithm_id: 3, value: 'a'.repeat(64) }] } } },
      { src_endpoint: { ip: '203.0.113.9' } },
      { data: { text: hostile } },
    ])
  })

  it('of every severity and state, of a rule of Sigma, and of nonsense in its facts is valid too', () => {
    for (const severity of ['info', 'low', 'medium', 'high', 'critical'] as const)
      for (const state of ['raised', 'cleared', 'happened'] as const)
        expect(OcsfFinding.safeParse(ocsfFindingOf({ ...signal, severity, state })).success).toBe(true)
    const sigma = ocsfFindingOf({ ...signal, facts: { techniques: ['T1059.004', 'nonsense'], technique: 7, pid: 'x', source: hostile } })
    expect(OcsfFinding.parse(sigma).finding_info.attacks).toEqual([{ technique: { uid: 'T1059' }, sub_technique: { uid: 'T1059.004' } }])
  })

  it('that lacks what is required is refused', () => {
    const { metadata: _, ...without } = ocsfFindingOf(signal, device)
    expect(OcsfFinding.safeParse(without).success).toBe(false)
    expect(OcsfFinding.safeParse({ ...ocsfFindingOf(signal, device), type_uid: 200_402 }).success).toBe(false)
  })
})

describe('of a ticket', () => {
  let console_: TestConsole
  let own: Belongings
  beforeAll(async () => {
    console_ = await startConsole()
    own = await addOrganisation(console_, 'alpha')
    await addOrganisation(console_, 'beta')
    await addPerson(console_, { login: 'ada' })
    const { id: _, facts, evidence, sensedAt, receivedAt, ...rest } = signal
    const row = { ...rest, organisation_id: own.organisation, endpoint_id: own.endpoint, source_id: null, ticket_id: own.ticket }
    const times = {
      sensed_at: sensedAt,
      received_at: receivedAt,
      age_ms: 0,
      origin: 'sent' as const,
      handled_at: 2_000,
      outcome: 'ticket' as const,
    }
    const told = { facts: JSON.stringify(facts), evidence: JSON.stringify(evidence) }
    await console_.store.db
      .insertInto('signals')
      .values({ id: randomUUIDv7(), ...row, ...times, ...told })
      .execute()
  })
  afterAll(() => console_[Symbol.asyncDispose]())

  it('are given to those who may see it, and to nobody else', async () => {
    const answer = await (await signedIn(console_.url, 'ada')).ask('GET', `/api/tickets/${own.ticket}/ocsf`)
    const { findings } = OcsfFindings.parse(answer.body)
    expect(findings).toMatchObject([{ class_uid: 2004, message: hostile, device: { hostname: 'alpha-host' } }])
    const stranger = await (await signedIn(console_.url, 'beta-admin')).ask('GET', `/api/tickets/${own.ticket}/ocsf`)
    expect(stranger.status).toBe(404)
  })

  it('are printed one to a line, with no control character of theirs', async () => {
    const printed = await findingLines(console_.store, own.ticket)
    expect(printed.trimEnd().split('\n')).toHaveLength(1)
    expect(printed.trimEnd()).not.toMatch(/\p{Cc}/u)
    expect(OcsfFinding.parse(JSON.parse(printed))).toMatchObject({ message: hostile })
  })
})
