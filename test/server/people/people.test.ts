import { describe, expect, it } from 'vitest'
import { openPeople } from './open-people.ts'

const ada = { name: 'Ada', login: 'Ada ', password: 'twelve letters', teams: ['tier1'], isAdmin: false, organisationId: null }

describe('people', () => {
  it('have a login of their own, whatever its letters’ case, also when two are made at once', async () => {
    await using opened = await openPeople()
    const outcomes = await Promise.all([opened.people.createPerson(ada), opened.people.createPerson({ ...ada, login: 'ADA' })])
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['made', 'taken'])
  })

  it('that are bound to an organisation carry its scope; staff of the provider carry all', async () => {
    await using opened = await openPeople()
    const { people } = opened
    await people.createPerson(ada)
    await people.createPerson({ ...ada, login: 'bob', organisationId: 'organisation-1' })
    expect(await people.signIn('ada', ada.password, '::1')).toMatchObject({ caller: { scope: 'all', teams: ['tier1'], via: 'session' } })
    expect(await people.signIn('bob', ada.password, '::1')).toMatchObject({ caller: { scope: 'organisation-1' } })
  })

  it('are looked up at each request, so what changes holds at once', async () => {
    await using opened = await openPeople()
    const { people, store } = opened
    await people.createPerson(ada)
    const signedIn = await people.signIn('ada', ada.password, '::1')
    if (signedIn.kind !== 'signed-in') throw new Error(signedIn.kind)
    await store.db.updateTable('people').set({ teams: '["tier2"]' }).execute()
    expect(await people.authenticate({ cookie: signedIn.secret })).toMatchObject({ teams: ['tier2'] })
  })

  it('leave only hashes of what proves who they are', async () => {
    await using opened = await openPeople()
    const { people, store } = opened
    const made = await people.createPerson(ada)
    if (made.kind !== 'made') throw new Error(made.kind)
    const signedIn = await people.signIn('ada', ada.password, '::1')
    const { token } = await people.createApiToken({ personId: made.id, name: 'script' })
    const { key } = await people.createSource({ organisationId: 'organisation-1', name: 'firewall' })
    const tables = ['people', 'sessions', 'api_tokens', 'sources'] as const
    const stored = JSON.stringify(await Promise.all(tables.map((table) => store.db.selectFrom(table).selectAll().execute())))
    const secrets = [ada.password, token, key, signedIn.kind === 'signed-in' ? signedIn.secret : '']
    expect(secrets.filter((secret) => stored.includes(secret))).toEqual([])
    expect(await people.authenticateSource(key)).toMatchObject({ organisationId: 'organisation-1' })
    expect(await people.authenticateSource(token)).toBeUndefined()
    expect(await people.authenticate({ bearer: key })).toBeUndefined()
  })
})
