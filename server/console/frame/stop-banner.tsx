import { Alert } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { StopList } from '#shared/api/rosters.ts'
import { useApi } from '../api/api-context.tsx'
import { stopsQuery } from '../api/desk-queries.ts'
import { When } from '../time/when.tsx'

type Stop = z.infer<typeof StopList>['stops'][number]

/** On every page while somebody has stopped isolating: where, who, and until when. */
export function StopBanner() {
  const { data } = useQuery(stopsQuery(useApi()))
  const stops = data?.stops ?? []
  if (stops.length === 0) return null
  return (
    <Alert color="orange" radius={0} py="xs" role="status" data-stopped>
      {data?.isFleet ? <Said where="Nothing anywhere" stops={stops} /> : <Each stops={stops} />}
    </Alert>
  )
}

function Each({ stops }: { stops: Stop[] }) {
  return stops.map((stop) => (
    <div key={stop.organisation.id}>
      <Said where={`Nothing of ${stop.organisation.name}`} stops={[stop]} />
    </div>
  ))
}

/** Of several, the last word: whoever pressed last, and the time that was pressed for. */
function Said({ where, stops }: { where: string; stops: Stop[] }) {
  const last = stops.toSorted((a, b) => b.until - a.until)[0]
  if (!last) return null
  return (
    <>
      {where} is isolated without a person until <When at={last.until} as="instant" />
      {last.by === null ? '.' : `: ${last.by} pressed the stop button.`}
    </>
  )
}
