import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import authorities from '#shared/protocol/documents/authorities.ts'
import { readToken } from '#shared/protocol/enrolment.ts'
import { leave } from '../../../server/cli/admin/leave.ts'
import { leaveWhereabouts } from '../../../server/cli/start/whereabouts.ts'
import { loadConfig } from '../../../server/config.ts'
import { signIn } from '../../support/api.ts'
import { startTestCollector, type TestCollector } from '../../support/collector.ts'
import { databaseSetting } from '../../support/database.ts'
import { operatorOf, personsKey, twoAuthorities } from '../../support/operators.ts'

/* Somebody leaves while the collector runs: told in order. */
const dataDir = mkdtempSync(join(tmpdir(), 'tierline-leave-'))
let collector: TestCollector
let lines: string[]
let annaId: string
const password = 'correct horse battery staple'
const people = () => collector.store.db

beforeAll(async () => {
  const database = await databaseSetting(dataDir)
  collector = await startTestCollector({ dataDir, database })
  const made = await collector.people.createPerson({
    name: 'Anna',
    login: 'anna',
    password,
    teams: ['security'],
    isAdmin: true,
    organisationId: null,
  })
  annaId = made.kind === 'made' ? made.id : ''
  const anna = await signIn(collector.consoleUrl, 'anna', password)
  await anna.post('/api/tokens', { name: 'hers' })
  await collector.token()
  const now = Date.now()
  const endpoint = {
    id: 'endpoint-1',
    organisation_id: collector.organisationId,
    site_id: null,
    hostname: 'pc',
    platform: 'linux',
  } as const
  await people()
    .insertInto('endpoints')
    .values({ ...endpoint, confirmed_role: 'core', enrolled_at: 1, removed_at: null })
    .execute()
  await anna.post('/api/endpoints/endpoint-1/isolate', { reason: 'in anger' })
  await vi.waitFor(async () => expect((await people().selectFrom('commands').select('status').executeTakeFirst())?.status).toBe('queued'))

  const authority = await twoAuthorities()
  await collector.identity.documents.issue(authorities, () => ({ first: authority.pair, successions: [] }))
  const operators = [operatorOf('Anna', await personsKey(), now), operatorOf('Bert', await personsKey(), now)]
  await collector.identity.documents.handBack(await authority.register(authority.keys[0], 1, now, operators))
  const config = { ...loadConfig({ data: dataDir }, {}), database }
  const key = { ...authority.keys[0], name: 'authority', unseal: () => Buffer.alloc(0), signText: async () => '' }
  leaveWhereabouts(dataDir, collector)
  const leaving = { login: 'Anna', operator: undefined }
  lines = await leave(config, { ...leaving, openKey: undefined })
  lines.push(...(await leave(config, { ...leaving, openKey: async () => key })))
}, 60_000)
afterAll(async () => {
  await collector?.[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

it('ends sign-ins and tokens', async () => {
  await expect(signIn(collector.consoleUrl, 'anna', password)).rejects.toThrow('401')
  expect(await people().selectFrom('sessions').select('id').where('person_id', '=', annaId).execute()).toEqual([])
  expect(await people().selectFrom('api_tokens').select('revoked_at').execute()).toEqual([{ revoked_at: expect.any(Number) }])
})

it('revokes the operator’s key, and says so loudly where the authority key is missing', async () => {
  expect(lines.filter((line) => line.startsWith('ATTENTION'))).toHaveLength(1)
  await expect.poll(() => collector.identity.register()?.operators.map(({ name }) => name), { timeout: seconds(10) }).toEqual(['Bert'])
})

it('drops what had not gone out, and renews what could enrol machines, once', async () => {
  expect(await people().selectFrom('commands').select(['status', 'jws']).executeTakeFirst()).toEqual({ status: 'dropped', jws: null })
  const tokens = await people().selectFrom('enrolment_tokens').select(['id', 'expires_at', 'created_by']).orderBy('id').execute()
  expect(tokens.map(({ expires_at }) => expires_at > Date.now())).toEqual([false, true])
  const printed = lines.filter((line) => line.includes('-- enrol'))
  expect(printed).toHaveLength(1)
  expect(readToken(/echo (\S+)/.exec(printed[0] ?? '')?.[1] ?? '')).toMatchObject({ id: tokens[1]?.id })
  const audited = people().selectFrom('audit').select('target').where('action', '=', 'enrolment-token.create')
  expect(await audited.execute()).toEqual([{ target: `enrolment-token:${tokens[1]?.id}` }])
})

it('hands over what they worked on by the way of every absence, once', async () => {
  const absences = await people().selectFrom('absences').select(['person_id', 'until_at']).execute()
  expect(absences).toEqual([{ person_id: annaId, until_at: expect.any(Number) }])
})

it('lists what they did in 30 days', () => {
  expect(lines.join('\n')).toMatch(/What Anna did[\s\S]*endpoint\.isolate {2}endpoint:endpoint-1/)
})

it('leaves the last administrator, and refuses whoever nobody knows', async () => {
  const config = { ...loadConfig({ data: dataDir }, {}), database: await databaseSetting(dataDir) }
  const again = (login: string) => leave(config, { login, operator: undefined, openKey: undefined })
  await expect(again(collector.firstSignIn.login)).rejects.toThrow('only administrator')
  await expect(again('nobody')).rejects.toThrow('Nobody signs in')
})
