import { List, Radio, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { NoisePreview } from '#shared/api/noise.ts'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { useApi } from '../api/api-context.tsx'
import { endpointQuery, noiseQuery } from '../api/queries.ts'
import { usePowers } from '../session/session.ts'
import { When } from '../time/when.tsx'
import { dayOf, type Excepted, type Where } from './excepted.ts'

/** So many are named; the rest is counted. */
const maxNamed = 5

interface NoiseChoiceProps {
  ticket: TicketDetail
  excepted: Excepted
  onChange(excepted: Excepted): void
}

/** Whom an exception would be for, of what and until when; and what it would have spared, before anybody makes one. */
export function NoiseChoice({ ticket, excepted, onChange }: NoiseChoiceProps) {
  const { data } = useQuery(noiseQuery(useApi(), ticket.id, excepted))
  if (data && data.refusal !== null) return <Text size="sm">{data.refusal}</Text>
  return (
    <Stack gap="sm">
      <Places ticket={ticket} excepted={excepted} onChange={onChange} />
      <Radio.Group
        label="Of what?"
        value={excepted.what}
        onChange={(what) => onChange({ ...excepted, what: what === 'kind' ? 'kind' : 'same' })}
      >
        <Stack gap={6} mt={6}>
          <Radio value="same" label="This very trouble" />
          <Radio value="kind" label={`Everything of its kind, ${ticket.kind}`} />
        </Stack>
      </Radio.Group>
      {data && (
        <TextInput
          type="date"
          label="Until the end of"
          description="What is worse than this ticket is heard of all the same."
          required
          value={excepted.until ?? dayOf(data.until)}
          onChange={(event) => onChange({ ...excepted, until: event.currentTarget.value })}
        />
      )}
      {data && <Spared preview={data} />}
    </Stack>
  )
}

/** Whole tags and organisations fall silent only by an admin. */
function Places({ ticket, excepted, onChange }: NoiseChoiceProps) {
  const may = usePowers()
  const mayMore = may('administer')
  const wheres: { value: Where; label: string }[] = [
    ...(ticket.endpoint ? [{ value: 'endpoint' as const, label: ticket.endpoint.hostname }] : []),
    ...(ticket.endpoint && mayMore ? [{ value: 'tag' as const, label: 'A tag' }] : []),
    ...(mayMore ? [{ value: 'organisation' as const, label: ticket.organisation.name }] : []),
  ]
  return (
    <>
      {wheres.length > 1 && (
        <SegmentedControl
          aria-label="Where"
          value={excepted.scope}
          onChange={(value) => onChange({ ...excepted, scope: value as Where, tag: null })}
          data={wheres}
        />
      )}
      {excepted.scope === 'tag' && ticket.endpoint && (
        <Tags endpointId={ticket.endpoint.id} tag={excepted.tag} onChange={(tag) => onChange({ ...excepted, tag })} />
      )}
    </>
  )
}

function Tags({ endpointId, tag, onChange }: { endpointId: string; tag: string | null; onChange(tag: string | null): void }) {
  const { data } = useQuery(endpointQuery(useApi(), endpointId))
  return (
    <Select
      label="Tag"
      description="Of the machines of this organisation, those that carry it."
      data={data?.tags ?? []}
      value={tag}
      onChange={onChange}
      allowDeselect={false}
      nothingFoundMessage="This machine carries no tag."
      required
    />
  )
}

function Spared({ preview: { count, since, tickets } }: { preview: NoisePreview }) {
  return (
    <div data-spared={count}>
      <Text size="sm">
        {count === 1 ? 'It would have spared 1 ticket' : `It would have spared ${count} tickets`} since <When at={since} as="instant" />
        {count > maxNamed ? ', the newest:' : count > 0 ? ':' : '.'}
      </Text>
      <List size="sm">
        {tickets.slice(0, maxNamed).map(({ id, number, title, hostname, openedAt }) => (
          <List.Item key={id} className="breakable">
            #{number} {title}
            {hostname === null ? '' : ` (${hostname})`}, <When at={openedAt} />
          </List.Item>
        ))}
      </List>
    </div>
  )
}
