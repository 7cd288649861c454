import { useQuery } from '@tanstack/react-query'
import { useApi } from '../api/api-context.tsx'
import { endpointsQuery, organisationsQuery } from '../api/queries.ts'

interface Place {
  scope: 'endpoint' | 'tag' | 'site' | 'organisation'
  value: string
  organisationId: string
}

/** Says for which machines something holds, as one reads it. */
export function usePlaces(): (place: Place) => string {
  const api = useApi()
  const organisations = useQuery(organisationsQuery(api)).data?.organisations ?? []
  const endpoints = useQuery(endpointsQuery(api)).data?.endpoints ?? []
  return ({ scope, value, organisationId }) => {
    const organisation = organisations.find(({ id }) => id === organisationId)
    const name = organisation?.name ?? ''
    switch (scope) {
      case 'endpoint':
        return `${endpoints.find(({ id }) => id === value)?.hostname ?? 'a machine that was removed'} of ${name}`
      case 'tag':
        return `machines tagged ${value} of ${name}`
      case 'site':
        return `${organisation?.sites.find(({ id }) => id === value)?.name ?? 'a site'} of ${name}`
      case 'organisation':
        return name
    }
  }
}
