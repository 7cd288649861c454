import { Alert, Badge, Group, Stack, Text } from '@mantine/core'
import type { IsolationView } from '#shared/api/endpoints.ts'
import { confirmationOf, type NeighbourFound, type NeighboursView } from '#shared/domain/neighbours.ts'
import { When } from '../time/when.tsx'
import { desiredName, stateColor, stateName } from './words.ts'

/** What is wanted of a machine's network and what it says is true: two facts, side by side. */
export function IsolationFacts({ isolation }: { isolation: IsolationView }) {
  const { desired, desiredAt, actual, state, actualAt, notReady, gaps, detail, number, neighbours, keptBy } = isolation
  const isTrouble = ['failed', 'ineffective', 'refused'].includes(actual)
  return (
    <Stack gap="sm">
      <Group grow align="flex-start">
        <Fact title="Wanted" name={desiredName[desired]} color={desired === 'isolated' ? 'grape' : 'gray'} at={desiredAt} />
        <Fact title="Actual" name={stateName[state]} color={stateColor[state]} at={actualAt} />
      </Group>
      {number !== null && actual !== 'open' && (
        <Text size="sm">
          Isolation number <b>{number}</b>: its screen shows the same, and a release code is made for it.
        </Text>
      )}
      {neighbours && <ByNeighbours neighbours={neighbours} />}
      {!neighbours && (
        <Text size="xs" c="dimmed">
          {whoCouldConfirm(keptBy)}
        </Text>
      )}
      {isTrouble && (
        <Alert color="red" p="xs">
          {detail || 'The machine did not say why.'}
        </Alert>
      )}
      {!isTrouble && detail && detail !== notReady && (
        <Text size="xs" c="dimmed" className="breakable">
          {detail}
        </Text>
      )}
      <Readiness notReady={notReady} gaps={gaps} />
    </Stack>
  )
}

/** What it looked at within the last hour. */
function Readiness({ notReady, gaps }: Pick<IsolationView, 'notReady' | 'gaps'>) {
  if (notReady !== null)
    return (
      <Text size="sm" c="red" className="breakable">
        Can't be isolated: {notReady}.
      </Text>
    )
  return (
    <Text size="xs" c="dimmed" className="breakable">
      {gaps.length === 0 ? 'Ready to be isolated.' : `Ready to be isolated, but ${gaps.join('; ')}.`}
    </Text>
  )
}

const whoCouldConfirm = (count: number): string =>
  count === 0
    ? 'No machine beside it could confirm that it is cut off.'
    : `${count} ${count === 1 ? 'machine' : 'machines'} beside it could confirm that it is cut off.`

function ByNeighbours({ neighbours }: { neighbours: NeighboursView }) {
  const found = confirmationOf(neighbours)
  const last = neighbours.asked.reduce((at, each) => Math.max(at, each.at ?? 0), neighbours.askedAt)
  return (
    <div>
      <Fact title="Confirmed by neighbours" name={confirmations[found].name} color={confirmations[found].color} at={last} />
      {neighbours.asked.map(({ endpointId, name, said }) => (
        <Text key={endpointId} size="xs" c="dimmed" className="breakable">
          {name}: {said === null ? 'has not answered yet' : neighbourSays[said]}
        </Text>
      ))}
    </div>
  )
}

const confirmations = {
  confirmed: { name: 'Yes', color: 'teal' },
  reached: { name: 'No: still reached', color: 'red' },
  asked: { name: 'Asked', color: 'gray' },
  'not-confirmed': { name: 'Not confirmed', color: 'gray' },
}

const neighbourSays: Record<NeighbourFound, string> = {
  unreached: 'reached it before, and doesn’t now',
  reached: 'still reaches it',
  'no-baseline': 'no answer, and none before either',
  'no-neighbour': 'not of its network',
  unable: 'could not ask',
}

function Fact({ title, name, color, at }: { title: string; name: string; color: string; at: number | null }) {
  return (
    <div>
      <Text size="xs" c="dimmed" mb={2}>
        {title}
      </Text>
      <Badge color={color} variant={color === 'gray' ? 'default' : 'filled'} tt="none" radius="sm">
        {name}
      </Badge>
      {at !== null && (
        <Text size="xs" c="dimmed" mt={2}>
          <When at={at} />
        </Text>
      )}
    </div>
  )
}
