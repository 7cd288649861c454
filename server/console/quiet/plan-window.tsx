import { Group, NumberInput, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { NewMaintenanceWindow } from '#shared/api/maintenance.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { endpointsQuery, organisationsQuery } from '../api/queries.ts'
import { useChange } from '../api/use-change.ts'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { instantThere } from '../time/wall-clock.ts'
import { chosenDays, DaysOfWeek } from '../words/days-of-week.tsx'

type Repeats = 'once' | 'weekly'
/** Its id, or the tag itself. */
interface Part {
  where: 'organisation' | 'site' | 'endpoint' | 'tag'
  id: string
}
const whole: Part = { where: 'organisation', id: '' }
const wheres: Record<Part['where'], string> = { organisation: 'All of it', site: 'A site', endpoint: 'A machine', tag: 'A tag' }

/** Once or weekly, for an organisation or a part of it; times are those of the clock on the wall there. */
export function PlanWindow({ onClose }: { onClose(): void }) {
  const plan = useChange(keys.windows, (api, body: NewMaintenanceWindow) => api.planWindow(body))
  const [repeats, setRepeats] = useState<Repeats>('once')
  const places = usePlacesToChoose()
  const submit = (fields: FormData): void => {
    plan.mutate({ ...windowOf(fields, places), ...timesOf(fields, repeats, places.timeZone) }, { onSuccess: onClose })
  }
  return (
    <DialogForm submit="Plan it" isBusy={plan.isPending} error={plan.error} onSubmit={submit} onCancel={onClose}>
      <TextInput name="name" label="What is done" placeholder="Updates of the servers" maxLength={200} required data-autofocus />
      <PlaceFields {...places} />
      <SegmentedControl
        aria-label="How often"
        value={repeats}
        onChange={(value) => setRepeats(value === 'weekly' ? 'weekly' : 'once')}
        data={[
          { value: 'once', label: 'Once' },
          { value: 'weekly', label: 'Weekly' },
        ]}
      />
      {repeats === 'weekly' && <DaysOfWeek />}
      <Group grow align="flex-start">
        {repeats === 'once' ? (
          <TextInput name="starts" type="datetime-local" label="Begins" description={`On the clock there: ${places.timeZone}`} required />
        ) : (
          <TextInput name="at" type="time" label="Begins" description={`On the clock there: ${places.timeZone}`} required />
        )}
        <NumberInput name="minutes" label="Minutes" description="12 hours at most" min={1} max={720} defaultValue={60} required />
      </Group>
    </DialogForm>
  )
}

function windowOf(fields: FormData, { organisationId, part: { where, id } }: Places) {
  const of = { site: { siteId: id }, endpoint: { endpointId: id }, tag: { tag: id }, organisation: {} }
  return { organisationId, name: textOf(fields, 'name'), minutes: Number(textOf(fields, 'minutes')), ...of[where] }
}

function timesOf(fields: FormData, repeats: Repeats, timeZone: string): Pick<NewMaintenanceWindow, 'startsAt' | 'weekly'> {
  if (repeats === 'weekly') return { weekly: { days: chosenDays(fields), at: textOf(fields, 'at') } }
  return { startsAt: instantThere(textOf(fields, 'starts'), timeZone) }
}

type Places = ReturnType<typeof usePlacesToChoose>

function usePlacesToChoose() {
  const api = useApi()
  const organisations = useQuery(organisationsQuery(api)).data?.organisations ?? []
  const endpoints = useQuery(endpointsQuery(api)).data?.endpoints ?? []
  const [chosen, choose] = useState<string | null>(null)
  const organisation = organisations.find(({ id }) => id === chosen) ?? organisations[0]
  const sites = organisation?.sites ?? []
  const machines = endpoints.filter((endpoint) => endpoint.organisation.id === organisation?.id)
  const [part, setPart] = useState<Part>(whole)
  const siteId = part.where === 'site' ? part.id : machines.find(({ id }) => id === part.id)?.site?.id
  const timeZone = sites.find(({ id }) => id === siteId)?.timeZone ?? organisation?.timeZone ?? 'UTC'
  const chooseOrganisation = (id: string | null): void => {
    choose(id)
    setPart(whole)
  }
  return { organisations, organisationId: organisation?.id ?? '', chooseOrganisation, sites, machines, part, setPart, timeZone }
}

function PlaceFields({ organisations, organisationId, chooseOrganisation, sites, machines, part, setPart }: Places) {
  const named = (each: { id: string; name: string }) => ({ value: each.id, label: each.name })
  const choose = (id: string | null): void => setPart({ ...part, id: id ?? '' })
  const of = { value: part.id, onChange: choose, required: true, searchable: true }
  return (
    <>
      <Select
        label="Organisation"
        data={organisations.map(named)}
        value={organisationId}
        onChange={chooseOrganisation}
        allowDeselect={false}
        searchable
      />
      <SegmentedControl
        aria-label="Of which part"
        value={part.where}
        onChange={(value) => setPart({ where: value as Part['where'], id: '' })}
        data={Object.entries(wheres).map(([value, label]) => ({ value, label }))}
      />
      {part.where === 'site' && <Select {...of} label="Site" data={sites.map(named)} />}
      {part.where === 'endpoint' && (
        <Select {...of} label="Machine" data={machines.map(({ id, hostname }) => ({ value: id, label: hostname }))} />
      )}
      {part.where === 'tag' && (
        <TextInput
          label="Tag"
          placeholder="payroll"
          maxLength={64}
          required
          value={part.id}
          onChange={(event) => choose(event.currentTarget.value.trim())}
        />
      )}
    </>
  )
}
