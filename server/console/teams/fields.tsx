import { Group, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { RosterPlan } from '#shared/api/rosters.ts'
import { useApi } from '../api/api-context.tsx'
import { teamsQuery } from '../api/desk-queries.ts'
import { organisationsQuery } from '../api/queries.ts'
import { textOf } from '../frame/dialog-form.tsx'
import { choicesOf } from './names-of.ts'

/** What people type who plan a roster; each fills the field of its name. */

export function TeamField() {
  const { data } = useQuery(teamsQuery(useApi()))
  const teams = data?.teams.map(({ team }) => team) ?? []
  return (
    <Select key={teams.length} name="team" label="Team" data={teams} defaultValue={teams[0] ?? null} allowDeselect={false} searchable />
  )
}

export function PersonField({ plan, label }: { plan: RosterPlan; label: string }) {
  return <Select name="personId" label={label} data={choicesOf(plan.people)} required searchable />
}

/** Left open: every site. */
export function SiteField() {
  const { data } = useQuery(organisationsQuery(useApi()))
  const groups = (data?.organisations ?? []).map(({ name, sites }) => ({
    group: name,
    items: sites.map((site) => ({ value: site.id, label: site.name })),
  }))
  return <Select name="siteId" label="For" placeholder="Every site" data={groups} clearable searchable />
}

export function siteOf(fields: FormData): { siteId?: string } {
  const siteId = textOf(fields, 'siteId')
  return siteId === '' ? {} : { siteId }
}

/** From and until, on the reader's own clock. */
export function SpanFields() {
  return (
    <Group grow>
      <TextInput name="from" type="datetime-local" label="From" description="Your time" required />
      <TextInput name="until" type="datetime-local" label="Until" description="Your time" required />
    </Group>
  )
}

/** What has no zone is read as the reader's own. */
export function spanOf(fields: FormData): { from: number; until: number } {
  return { from: Date.parse(textOf(fields, 'from')), until: Date.parse(textOf(fields, 'until')) }
}

export function ZoneField() {
  return (
    <TextInput
      name="timeZone"
      label="Time zone"
      placeholder="Europe/Berlin"
      defaultValue={Intl.DateTimeFormat().resolvedOptions().timeZone}
      required
    />
  )
}
