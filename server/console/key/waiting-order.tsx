import { Alert, Badge, Button, Card, Code, Group, Table, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { BrowserKey } from '#shared/api/browser-key.ts'
import type { UnsignedCommands } from '#shared/api/commands.ts'
import { commands } from '#shared/commands/registry.ts'
import type { CommandOrder } from '#shared/domain/command.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { mayBear } from '#shared/protocol/authority.ts'
import { orderToShow } from '#shared/protocol/shown-order.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { When } from '../time/when.tsx'
import { type BrowsersKey, digestOf } from './browser-key.ts'

type Waiting = UnsignedCommands['commands'][number]

interface WaitingProps {
  waiting: Waiting
  own: BrowsersKey | null
  /** What the key in this browser may sign; null: nothing. */
  certified: BrowserKey['certified']
}

/** One order in full, read from the very bytes that are signed. */
export function WaitingOrder({ waiting, own, certified }: WaitingProps) {
  const digest = useQuery({
    queryKey: ['digest', waiting.payload],
    queryFn: () => digestOf(waiting.payload),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const order = orderToShow(waiting.payload)
  if (!order) return <Alert color="red">The collector sent bytes that can be read in more than one way; nobody should sign them.</Alert>
  const definition = commands.get(order.verb)
  return (
    <Card withBorder mb="sm" component="article" aria-label={`${order.verb} ${order.id}`}>
      <Group gap="sm" mb="xs">
        <Text fw={550}>{order.verb}</Text>
        <Badge variant="light" color={definition?.risk === 'high' ? 'red' : 'gray'}>
          risk: {definition?.risk ?? 'unknown'}
        </Badge>
        <Text size="sm" c="dimmed">
          {definition?.title ?? 'This console does not know it.'}
        </Text>
      </Group>
      <Order order={order} waiting={waiting} digest={digest.data ?? ''} />
      <SignIt {...{ waiting, order, own, certified }} digest={digest.data ?? ''} />
    </Card>
  )
}

function Order({ order, waiting: { machines, signedBy, needed }, digest }: { order: CommandOrder; waiting: Waiting; digest: string }) {
  const names = new Map(machines.map(({ id, name }) => [id, name]))
  const { staged } = order
  const rows = {
    arguments: JSON.stringify(order.args, null, 2),
    machines: order.endpoints.map((id) => `${id} (the collector calls it ${names.get(id) ?? 'nothing'})`).join('\n'),
    ...(staged && { stages: `${staged.sizes.join(', then ')}; stops by itself beyond ${staged.failPercent} % failures` }),
    'asked by': `${order.requestedBy}: ${order.reason}`,
    audit: order.auditHead === undefined ? 'no head' : `stood at ${order.auditHead}`,
    signed: `${signedBy.join(', ') || 'by nobody'}; ${needed} needed`,
    digest,
  }
  return (
    <Table fz="sm" variant="vertical" layout="fixed">
      <Table.Tbody>
        {Object.entries(rows).map(([name, text]) => (
          <Table.Tr key={name}>
            <Table.Th w={100}>{name}</Table.Th>
            <Table.Td className="breakable" style={{ whiteSpace: 'pre-wrap' }}>
              {text}
            </Table.Td>
          </Table.Tr>
        ))}
        <Table.Tr>
          <Table.Th>until</Table.Th>
          <Table.Td>
            <When at={order.expiresAt} as="instant" />
          </Table.Td>
        </Table.Tr>
      </Table.Tbody>
    </Table>
  )
}

function SignIt({ waiting, order, own, certified, digest }: WaitingProps & { order: CommandOrder; digest: string }) {
  const api = useApi()
  const client = useQueryClient()
  const sign = useMutation({
    mutationFn: async (key: BrowsersKey) => api.sign(waiting, order.id, await key.sign(waiting.payload, 'tierline-command+jws')),
    onSettled: () => client.invalidateQueries({ queryKey: keys.unsigned }),
  })
  const risk = commands.get(order.verb)?.risk ?? 'high'
  if (!mayBear({ isBrowser: true }, risk))
    return (
      <Text size="sm" mt="xs">
        This is of high risk: sign it with a key file, by <Code>tierline sign {digest}</Code>.
      </Text>
    )
  if (!own || !certified?.verbs.includes(order.verb))
    return (
      <Text size="sm" c="dimmed" mt="xs">
        The key in this browser may not sign it.
      </Text>
    )
  return (
    <>
      <Button size="xs" mt="xs" style={{ alignSelf: 'flex-start' }} loading={sign.isPending} onClick={() => sign.mutate(own)}>
        Sign this
      </Button>
      {sign.error && (
        <Alert color="red" mt="xs">
          {sentenceOf(sign.error)}
        </Alert>
      )}
    </>
  )
}
