import { Checkbox, Group } from '@mantine/core'

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const dayName = { mon: 'Mon', tue: 'Tue', wed: 'Wed', thu: 'Thu', fri: 'Fri', sat: 'Sat', sun: 'Sun' }

/** Fills the field `days`. */
export function DaysOfWeek() {
  return (
    <Group component="fieldset" gap="sm" bd={0} p={0} m={0} aria-label="Days">
      {days.map((day) => (
        <Checkbox key={day} name="days" value={day} label={dayName[day]} />
      ))}
    </Group>
  )
}

export const chosenDays = (fields: FormData): (typeof days)[number][] => days.filter((day) => fields.getAll('days').includes(day))
