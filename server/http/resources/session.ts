import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { PasswordChange, Session, SignIn } from '#shared/api/session.ts'
import type { Register } from '#shared/protocol/command-powers.ts'
import { cookieName } from '../guard.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { defineRoute, type Person, type Route } from '../route.ts'

export default function session({ people, personOf, time, version, log, identity }: Needs): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/session',
      summary: 'Sign in; the answer sets the cookie',
      access: { who: 'anyone' },
      action: 'person.sign-in',
      body: SignIn,
      answer: Session,
      handle: async ({ body, request, reply, record }) => {
        const outcome = await people.signIn(body.login, body.password, request.ip, {
          // From here on the request is that person's, for the audit too.
          within: async (tx, caller) => {
            request.by = personOf(caller)
            await record(tx)
          },
          instead: request.cookies[cookieName],
        })
        // Without the login: people type their password there.
        if (outcome.kind !== 'signed-in') log.warn({ address: request.ip, outcome: outcome.kind }, 'a sign-in was refused')
        if (outcome.kind === 'limited') throw tooMany(outcome.retryAfterMs)
        if (outcome.kind === 'refused') throw refuse('sign-in-refused', 'Check login and password, and the Caps Lock key.')
        setCookie(request, reply, outcome.secret, Math.floor((outcome.expiresAt - time.now()) / 1_000))
        return sessionOf(personOf(outcome.caller), version, identity.register())
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/session',
      summary: 'Who is signed in, and what they may do',
      access: { who: 'person', power: null, reach: 'own' },
      answer: Session,
      handle: async ({ by }) => sessionOf(by, version, identity.register()),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/session/password',
      summary: 'Change your own password; your other sessions end',
      access: { who: 'person', power: null, reach: 'own' },
      action: 'person.change-password',
      body: PasswordChange,
      answer: z.void(),
      status: 204,
      handle: async ({ body, by, request }) => {
        if (by.caller.via === 'token') throw refuse('session-only', 'A token can not change a password: sign in, and change it there.')
        const { personId } = by.caller
        const outcome = await people.changePassword(
          { ...body, personId, from: request.ip, secret: request.cookies[cookieName] ?? '' },
          by.record,
        )
        if (outcome.kind !== 'changed')
          log.warn({ address: request.ip, personId, outcome: outcome.kind }, 'a change of password was refused')
        if (outcome.kind === 'limited') throw tooMany(outcome.retryAfterMs)
        if (outcome.kind === 'refused') throw notTheirPassword()
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/session',
      summary: 'Sign out',
      access: { who: 'person', power: null, reach: 'own' },
      action: 'person.sign-out',
      answer: z.void(),
      status: 204,
      handle: async ({ request, reply, by }) => {
        const secret = request.cookies[cookieName]
        if (secret) await people.signOut(secret, by.record)
        setCookie(request, reply, '', 0)
      },
    }),
  ]
}

function setCookie(request: FastifyRequest, reply: FastifyReply, secret: string, maxAge: number): void {
  // The door has checked the Origin: https there, and not here, means a proxy that ends TLS before us.
  const secure = request.protocol === 'https' || request.headers.origin?.startsWith('https://') === true
  reply.setCookie(cookieName, secret, { httpOnly: true, sameSite: 'strict', path: '/', secure, maxAge })
}

function sessionOf({ caller, powers }: Person, collectorVersion: string, register: Register | undefined): z.output<typeof Session> {
  const { personId: id, name, login, isAdmin, teams, organisationId } = caller
  const trust = register ? { by: 'operators' as const, operators: register.operators.length } : { by: 'collector' as const, operators: 0 }
  return { person: { id, name, login, isAdmin, teams, organisationId }, powers, collectorVersion, trust }
}

function tooMany(retryAfterMs: number) {
  const retryAfterSeconds = Math.ceil(retryAfterMs / 1_000)
  const minutes = Math.ceil(retryAfterSeconds / 60)
  const detail = `Too many attempts with a wrong password: wait ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}, then try again.`
  return refuse('too-many-sign-ins', detail, { retryAfterSeconds })
}

function notTheirPassword() {
  return refuse('invalid-input', 'Check what you sent as current.', { errors: [{ field: 'current', message: 'is not your password' }] })
}
