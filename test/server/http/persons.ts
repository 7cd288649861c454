import { randomUUIDv7, scryptSync } from 'node:crypto'
import type { NewPersonRow } from '../../../server/people/directory.ts'
import type { TestConsole } from './start-console.ts'

export const password = 'correct horse battery staple'

const salt = Buffer.alloc(16)
/** Of `password`, and a hundredth of the work of a real one: hundreds of people sign in here. */
const weakHash = `scrypt$1024$8$1$${salt.toString('base64')}$${scryptSync(password, salt, 32, { N: 1_024, r: 8, p: 1 }).toString('base64')}`

type Person = Partial<Omit<NewPersonRow, 'password'>> & { login: string }

/** Somebody who signs in with `password`; in every team unless said otherwise. */
export async function addPerson({ store, time }: Pick<TestConsole, 'store' | 'time'>, person: Person): Promise<string> {
  const { login, name = login, teams = ['tier1', 'tier2', 'tier3', 'security', 'field', 'vcio'], isAdmin = true } = person
  const id = randomUUIDv7()
  const row = { id, name, login, password_hash: weakHash, teams: JSON.stringify(teams) }
  const { organisationId = null } = person
  await store.db
    .insertInto('people')
    .values({ ...row, is_admin: isAdmin ? 1 : 0, organisation_id: organisationId, created_at: time.now(), disabled_at: null })
    .execute()
  return id
}
