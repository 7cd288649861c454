import { Alert, Button, Code, Group, Modal, Select, Stack, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import type { EnrolmentTokenMade } from '#shared/api/endpoints.ts'
import { Role } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { useApi } from '../api/api-context.tsx'
import { organisationsQuery } from '../api/queries.ts'
import { useNow } from '../time/clock.tsx'
import { countdown } from '../time/durations.ts'
import { CopyText } from '../words/copy-text.tsx'
import { roleName } from '../words/words.ts'

/** Makes an enrolment token and shows the line that uses it, once. */
export function AddMachine({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  return (
    <Modal opened={isOpen} onClose={onClose} title="Add a machine" size="lg" centered>
      <TokenMaker onClose={onClose} />
    </Modal>
  )
}

function TokenMaker({ onClose }: { onClose(): void }) {
  const api = useApi()
  const make = useMutation({ mutationFn: api.makeEnrolmentToken })
  if (make.data) return <TokenLine made={make.data} onClose={onClose} />
  return (
    <Stack>
      {make.error && <Alert color="red">{sentenceOf(make.error)}</Alert>}
      <TokenForm isBusy={make.isPending} onMake={make.mutate} />
    </Stack>
  )
}

const roles = Role.options.filter((role) => role !== 'unknown').map((role) => ({ value: role, label: roleName[role] }))

function TokenForm({ isBusy, onMake }: { isBusy: boolean; onMake(body: { organisationId: string; role?: Role }): void }) {
  const { data } = useQuery(organisationsQuery(useApi()))
  const [chosen, setChosen] = useState<string | null>(null)
  const [role, setRole] = useState<Role | null>(null)
  const organisations = data?.organisations ?? []
  const organisationId = chosen ?? organisations[0]?.id
  return (
    <>
      <Select
        label="Organisation"
        description="Whose machine it is."
        data={organisations.map(({ id, name }) => ({ value: id, label: name }))}
        value={organisationId ?? null}
        onChange={setChosen}
        allowDeselect={false}
      />
      <Select
        label="Role"
        description="What it is for. Left open, the agent finds out by facts and you confirm it later."
        placeholder="Found by facts"
        data={roles}
        value={role}
        onChange={(value) => setRole(value === null ? null : Role.parse(value))}
        clearable
      />
      <Group justify="flex-end">
        <Button
          loading={isBusy}
          disabled={!organisationId}
          onClick={() => organisationId && onMake({ organisationId, ...(role ? { role } : {}) })}
        >
          Make the line
        </Button>
      </Group>
    </>
  )
}

function TokenLine({ made, onClose }: { made: z.infer<typeof EnrolmentTokenMade>; onClose(): void }) {
  const now = useNow()
  const isOver = made.expiresAt <= now
  return (
    <Stack>
      {made.warning && (
        <Alert color="orange" title="Only from this machine">
          {made.warning}
        </Alert>
      )}
      <Text size="sm">On the other machine, in a clone of the project, type this. It works once:</Text>
      <Code block className="mono" data-line>
        {made.line}
      </Code>
      <Group justify="space-between">
        <Text size="sm" c={isOver ? 'red' : 'dimmed'} className="tabular">
          {isOver ? 'It has expired. Close this and make another.' : `Expires in ${countdown(made.expiresAt, now)}. It is shown only now.`}
        </Text>
        <Group gap="xs">
          <CopyText text={made.line} what="the line" />
          <Button size="xs" onClick={onClose}>
            Done
          </Button>
        </Group>
      </Group>
    </Stack>
  )
}
