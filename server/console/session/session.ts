import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { Power, Session } from '#shared/api/session.ts'
import { useApi } from '../api/api-context.tsx'
import { sessionQuery } from '../api/queries.ts'

/** Who is signed in. Pages stand behind a route that has made sure somebody is. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery(useApi())).data
}

/** What they may do; the collector asks again, this only decides which buttons stand. */
export function usePowers(): (power: Power) => boolean {
  const { powers } = useSession()
  return (power) => powers.includes(power)
}

/** Of the provider, who sees every organisation. */
export const useIsProvider = (): boolean => useSession().person.organisationId === null

export function useSignOut(): () => Promise<void> {
  const api = useApi()
  const client = useQueryClient()
  const navigate = useNavigate()
  return async () => {
    await api.signOut()
    await navigate({ to: '/sign-in' })
    client.clear()
  }
}
