import { Checkbox, Group } from '@mantine/core'

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const dayName = { mon: 'Mon', tue: 'Tue', wed: 'Wed', thu: 'Thu', fri: 'Fri', sat: 'Sat', sun: 'Sun' }

/**
 * Fills the field `days`.
 * @param chosen by number, Monday is 1.
 */
export function DaysOfWeek({ chosen = [] }: { chosen?: readonly number[] }) {
  return (
    <Group component="fieldset" gap="sm" bd={0} p={0} m={0} aria-label="Days">
      {days.map((day, place) => (
        <Checkbox key={day} name="days" value={day} label={dayName[day]} defaultChecked={chosen.includes(place + 1)} />
      ))}
    </Group>
  )
}

export const chosenDays = (fields: FormData): (typeof days)[number][] => days.filter((day) => fields.getAll('days').includes(day))

/** Monday is 1. */
export const dayNumbers = (fields: FormData): number[] => chosenDays(fields).map((day) => days.indexOf(day) + 1)
