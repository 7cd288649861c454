import type { Time } from '#shared/domain/time.ts'
import type { Audit } from '../audit/audit.ts'
import type { Store } from '../store/store.ts'
import { type BrowserKeys, createBrowserKeys } from './browser-keys.ts'
import type { Caller } from './caller.ts'
import { createDirectory, type Directory } from './directory.ts'
import { createFirstRun, type FirstRun, type FirstSignIn } from './first-run.ts'
import { createPrograms, type Programs, type Source } from './programs.ts'
import { createSessions, type Sessions } from './sessions.ts'

/*
 * Enters: logins, passwords, cookies, tokens and keys. Leaves: who that is, with teams and organisation.
 * Promises: it is the only writer of organisations, sites, people, requesters, sessions, browser keys, api_tokens and sources; secrets are stored
 * as hashes; whoever is bound to an organisation stays in its scope. On failure: nobody, or an outcome with its reason.
 * Threat: guessed and stolen secrets. What a known caller may do is http's to decide, by the matrix.
 */

export interface People extends Directory, BrowserKeys {
  ensureFirstRun: FirstRun['ensure']
  /** @returns the new password; old sessions and tokens of this admin work no more. */
  resetAdmin(): Promise<FirstSignIn>
  signIn: Sessions['signIn']
  changePassword: Sessions['changePassword']
  signOut: Sessions['signOut']
  /** @returns undefined for whatever is unknown, expired, revoked, or a disabled person's. */
  authenticate(credential: { cookie: string } | { bearer: string }): Promise<Caller | undefined>
  authenticateSource(key: string): Promise<Source | undefined>
  createApiToken: Programs['createToken']
  revokeApiToken: Programs['revokeToken']
  createSource: Programs['createSource']
  revokeSource: Programs['revokeSource']
  confirmApiToken: Programs['confirmToken']
  confirmSource: Programs['confirmSource']
}

export function createPeople(needs: { store: Store; time: Time; audit: Audit }): People {
  const sessions = createSessions(needs)
  const programs = createPrograms(needs)
  const firstRun = createFirstRun(needs)
  return {
    ...createDirectory(needs),
    ...createBrowserKeys({ db: needs.store.db, now: () => needs.time.now() }),
    ensureFirstRun: firstRun.ensure,
    resetAdmin: firstRun.resetAdmin,
    signIn: sessions.signIn,
    changePassword: sessions.changePassword,
    signOut: sessions.signOut,
    authenticate: (credential) => ('cookie' in credential ? sessions.callerOf(credential.cookie) : programs.callerOf(credential.bearer)),
    authenticateSource: programs.sourceOf,
    createApiToken: programs.createToken,
    revokeApiToken: programs.revokeToken,
    createSource: programs.createSource,
    revokeSource: programs.revokeSource,
    confirmApiToken: programs.confirmToken,
    confirmSource: programs.confirmSource,
  }
}
