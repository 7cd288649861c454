import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { useEndpointChange } from './use-endpoint-change.ts'

export function RevokeButton({ endpoint }: { endpoint: EndpointDetail }) {
  const [isAsking, asking] = useDisclosure()
  const revoke = useEndpointChange(endpoint.id, (api, _: undefined) => api.revoke(endpoint.id))
  return (
    <>
      <Button size="xs" variant="default" c="red" onClick={asking.open}>
        Revoke
      </Button>
      <Modal opened={isAsking} onClose={asking.close} title={`Revoke ${endpoint.hostname}?`} centered>
        <Stack>
          <Text size="sm">
            Its certificate opens nothing any more, and its connection ends at once. To be watched again it must be enrolled anew. Its
            tickets and signals stay.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={asking.close}>
              Cancel
            </Button>
            <Button color="red" loading={revoke.isPending} onClick={() => revoke.mutate(undefined, { onSettled: asking.close })}>
              Revoke it
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
