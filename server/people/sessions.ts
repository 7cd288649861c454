import { hours, type Time } from '#shared/domain/time.ts'
import type { Store, Tx, Within } from '../store/store.ts'
import { type Caller, callerOf, personColumns } from './caller.ts'
import { hashOfNobody, hashPassword, isPassword } from './passwords.ts'
import { digestOf, newSecret } from './secrets.ts'
import { createSignInLimit } from './sign-in-limit.ts'

/*
 * Enters: a login and a password. Leaves: a session, whose secret only the cookie holds.
 * Promises: an unknown login takes as long as a wrong password and is answered alike; a session ends after 12 hours,
 * at sign-out, when its person is disabled, and when they change their password elsewhere. On failure: refused, or
 * limited with how long to wait.
 * Threat: guessing logins and passwords; a stolen database (only hashes stand in it).
 */

/** One working day with overtime. */
const sessionMs = hours(12)

export type SignInOutcome =
  | { kind: 'signed-in'; caller: Caller; secret: string; expiresAt: number }
  | { kind: 'refused' }
  | { kind: 'limited'; retryAfterMs: number }

export interface PasswordChange {
  personId: string
  current: string
  next: string
  /** The address that asks. */
  from: string
  /** Of the session that stays. */
  secret: string
}
export type PasswordOutcome = { kind: 'changed' } | { kind: 'refused' } | { kind: 'limited'; retryAfterMs: number }

export interface SignInParts {
  within?(tx: Tx, caller: Caller): Promise<void>
  instead?: string | undefined
}

export interface Sessions {
  /**
   * @param from the address that asks.
   * @param parts what stands or falls with it, by whoever it turned out to be; the secret of the session that this one is instead of.
   */
  signIn(login: string, password: string, from: string, parts?: SignInParts): Promise<SignInOutcome>
  /** Their other sessions end. Guessing the current one counts as guessing at the sign-in. */
  changePassword(change: PasswordChange, within?: Within): Promise<PasswordOutcome>
  signOut(secret: string, within?: Within): Promise<void>
  callerOf(secret: string): Promise<Caller | undefined>
}

export function createSessions({ store, time }: { store: Store; time: Time }): Sessions {
  const limit = createSignInLimit(time)
  const nobody = hashOfNobody()

  const open = async (caller: Caller, now: number, { within, instead }: SignInParts): Promise<{ secret: string; expiresAt: number }> => {
    const secret = newSecret('session')
    const expiresAt = now + sessionMs
    const row = { id: digestOf(secret), person_id: caller.personId, created_at: now, expires_at: expiresAt }
    await store.db.transaction().execute(async (tx) => {
      await tx.deleteFrom('sessions').where('expires_at', '<=', now).execute()
      if (instead !== undefined) await tx.deleteFrom('sessions').where('id', '=', digestOf(instead)).execute()
      await tx.insertInto('sessions').values(row).execute()
      await within?.(tx, caller)
    })
    return { secret, expiresAt }
  }

  return {
    signIn: async (typed, password, from, parts = {}) => {
      const login = typed.trim().toLowerCase()
      const retryAfterMs = limit.begin(from, login)
      if (retryAfterMs > 0) return { kind: 'limited', retryAfterMs }
      const person = await enabledPerson(store, 'login', login)
      const isRight = await isPassword(password, person?.password_hash ?? nobody)
      if (!person || !isRight) return { kind: 'refused' }
      const now = time.now()
      const caller = callerOf(person, 'session', now)
      const opened = await open(caller, now, parts)
      limit.succeeded(from, login)
      return { kind: 'signed-in', caller, ...opened }
    },
    changePassword: async ({ personId, current, next, from, secret }, within) => {
      const person = await enabledPerson(store, 'id', personId)
      if (!person) return { kind: 'refused' }
      const retryAfterMs = limit.begin(from, person.login)
      if (retryAfterMs > 0) return { kind: 'limited', retryAfterMs }
      if (!(await isPassword(current, person.password_hash))) return { kind: 'refused' }
      limit.succeeded(from, person.login)
      const isKept = await keepPassword(store, person, await hashPassword(next), digestOf(secret), within)
      return { kind: isKept ? 'changed' : 'refused' }
    },
    signOut: (secret, within) =>
      store.db.transaction().execute(async (tx) => {
        await tx.deleteFrom('sessions').where('id', '=', digestOf(secret)).execute()
        await within?.(tx)
      }),
    callerOf: async (secret) => {
      const person = await store.reader
        .selectFrom('sessions')
        .innerJoin('people', 'people.id', 'sessions.person_id')
        .select([...personColumns, 'sessions.created_at as signedInAt'])
        .where('sessions.id', '=', digestOf(secret))
        .where('sessions.expires_at', '>', time.now())
        .where('people.disabled_at', 'is', null)
        .executeTakeFirst()
      return person && callerOf(person, 'session', person.signedInAt)
    },
  }
}

/** @returns false when the password was changed meanwhile: of two who know the old one, the first decides. */
function keepPassword(
  store: Store,
  person: { id: string; password_hash: string },
  hash: string,
  session: string,
  within?: Within,
): Promise<boolean> {
  return store.db.transaction().execute(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('people')
      .set({ password_hash: hash })
      .where('id', '=', person.id)
      .where('password_hash', '=', person.password_hash)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return false
    await tx.deleteFrom('sessions').where('person_id', '=', person.id).where('id', '!=', session).execute()
    await within?.(tx)
    return true
  })
}

function enabledPerson(store: Store, by: 'id' | 'login', value: string) {
  return store.reader
    .selectFrom('people')
    .select([...personColumns, 'people.password_hash'])
    .where(by, '=', value)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
}
