import { refuse } from '../problems.ts'
import type { Person } from '../route.ts'

/**
 * Whoever is named as somebody who asks is written to, and may answer: people of a customer name only addresses at domains that
 * their organisation is known by, from those who ask there already and from sign-ins. The first of a domain the provider names.
 */
export async function demandKnownAddress({ caller, view }: Person, organisationId: string, mail: string): Promise<void> {
  if (caller.scope === 'all') return
  const domain = domainOf(mail)
  const asking = view.requesters().select('requesters.mail as address').where('organisation_id', '=', organisationId)
  const signing = view.people().select('people.login as address').where('organisation_id', '=', organisationId)
  const known = [...(await asking.execute()), ...(await signing.execute())]
  if (known.some(({ address }) => address.includes('@') && domainOf(address) === domain)) return
  throw refuse('provider-only', `Nobody of your organisation is known at ${domain}: ask the provider to add the first one.`)
}

const domainOf = (mail: string): string => mail.trim().toLowerCase().split('@').at(-1) ?? ''
