import { decodeProtectedHeader } from 'jose'
import { BrowserKey, BrowserKeyAsked, KeyChallenge, NewBrowserKey } from '#shared/api/browser-key.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { defineRoute, type Person, type Route } from '../route.ts'

const access = { who: 'person', power: 'work-tickets', reach: 'own' } as const

/** The key in one's own browser: handed in here, certified elsewhere. */
export default function browserKey({ people, identity }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/browser-key',
      summary: 'The key of your browser, and what it may sign',
      access,
      answer: BrowserKey,
      handle: async ({ by }) => {
        const asked = await people.keyOf(by.caller.personId)
        const operator = identity.register()?.operators.find(({ kid }) => kid === asked?.kid)
        return { requested: asked ? { kid: asked.kid, askedAt: asked.asked_at } : null, certified: operator ?? null }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/browser-key/challenge',
      summary: 'What the key that you hand in next has to sign: once, and soon',
      access,
      action: null,
      answer: KeyChallenge,
      handle: async ({ by }) => {
        demandBrowser(by)
        return { challenge: people.challengeFor(by.caller.personId) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/browser-key',
      summary: 'Hand in the public half of your browser’s key, for an authority to certify',
      access,
      action: 'browser-key.ask',
      body: NewBrowserKey,
      answer: BrowserKeyAsked,
      status: 202,
      handle: async ({ body, by }) => {
        demandBrowser(by)
        const asked = await people.askForKey(by.caller.personId, body, by.record)
        if (asked.kind === 'refused') throw refuse('refused', asked.reason)
        if (asked.kind === 'taken') throw refuse('taken', 'This key stands under another person’s name: make another in its place.')
        return { id: asked.kid }
      },
    }),
  ]
}

function demandBrowser({ caller }: Person): void {
  if (caller.via === 'token') throw refuse('session-only', 'A program has no browser: sign in, and do it there.')
}

/** Such a key is good only where its owner is signed in; agents can't know that, so it is asked here. */
export async function demandOwnKey(
  { people, identity }: Pick<Needs, 'people' | 'identity'>,
  jws: string,
  { caller }: Person,
): Promise<void> {
  const kid = kidOf(jws)
  const isBrowsers = identity.register()?.operators.some((operator) => operator.kid === kid && operator.isBrowser === true)
  if (isBrowsers !== true || kid === undefined) return
  if (caller.via === 'token' || (await people.ownerOf(kid)) !== caller.personId)
    throw refuse('refused', 'A browser’s key signs only where its owner is signed in.')
}

function kidOf(jws: string): string | undefined {
  try {
    return decodeProtectedHeader(jws).kid
  } catch {
    // Whether it is a signature at all is judged after this.
    return undefined
  }
}
