import { describe, expect, it } from 'vitest'
import { openPeople } from './open-people.ts'

const wanted = { mode: 'observe', timeZone: 'Europe/Berlin' } as const

describe('the first run', () => {
  it('makes one organisation, one site and an admin in all six teams, whose password is shown once', async () => {
    await using opened = await openPeople()
    const { people, store } = opened
    const first = await people.ensureFirstRun(wanted)
    expect(first.firstSignIn).toEqual({ login: 'admin', password: expect.stringMatching(/^([a-z]{6}-){3}[a-z]{6}$/) })
    expect(await people.ensureFirstRun(wanted)).toEqual({ organisationId: first.organisationId })
    expect(await store.db.selectFrom('sites').select('organisation_id').execute()).toEqual([{ organisation_id: first.organisationId }])
    const outcome = await people.signIn('admin', first.firstSignIn?.password ?? '', '127.0.0.1')
    expect(outcome).toMatchObject({
      kind: 'signed-in',
      caller: { isAdmin: true, scope: 'all', teams: expect.arrayContaining(['tier1', 'security', 'vcio']) },
    })
    const stored = JSON.stringify(await store.db.selectFrom('people').selectAll().execute())
    expect(stored).not.toContain(first.firstSignIn?.password)
  })

  it('is undone for the password alone by a reset, which ends every session and token', async () => {
    await using opened = await openPeople()
    const { people, store } = opened
    const { firstSignIn } = await people.ensureFirstRun(wanted)
    const before = await people.signIn('admin', firstSignIn?.password ?? '', '127.0.0.1')
    if (before.kind !== 'signed-in') throw new Error(before.kind)
    const { token } = await people.createApiToken({ personId: before.caller.personId, name: 'script' })
    const { login, password } = await people.resetAdmin()
    expect(login).toBe('admin')
    expect(await people.authenticate({ cookie: before.secret })).toBeUndefined()
    expect(await people.authenticate({ bearer: token })).toBeUndefined()
    expect(await people.signIn('admin', firstSignIn?.password ?? '', '127.0.0.1')).toEqual({ kind: 'refused' })
    expect(await people.signIn('admin', password, '127.0.0.1')).toMatchObject({ kind: 'signed-in' })
    const audited = await store.db.selectFrom('audit').select('action').orderBy('id').execute()
    expect(audited.map(({ action }) => action)).toEqual(['person.create', 'person.reset'])
  })

  it('never disables the last admin of the provider', async () => {
    await using opened = await openPeople()
    const { people, store } = opened
    await people.ensureFirstRun(wanted)
    const { id } = await store.db.selectFrom('people').select('id').executeTakeFirstOrThrow()
    expect(await people.disablePerson(id)).toEqual({ kind: 'last-admin' })
    await people.createPerson({ name: 'Ada', login: 'ada', password: 'twelve letters', teams: [], isAdmin: true, organisationId: null })
    expect(await people.disablePerson(id)).toEqual({ kind: 'disabled', vips: [] })
  })
})
