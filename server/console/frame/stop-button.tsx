import { Button, Modal, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { usePowers } from '../session/session.ts'
import { DialogForm } from './dialog-form.tsx'
import { chosenOrganisation, OrganisationSelect } from './organisation-select.tsx'

/** For whoever sees machines being cut off that should not be: for four hours a person is asked first. */
export function StopButton() {
  const may = usePowers()
  const [isOpen, { open, close }] = useDisclosure()
  if (!may('answer-ask')) return null
  return (
    <>
      <Button size="compact-xs" variant="outline" color="red" visibleFrom="sm" onClick={open}>
        Stop isolating
      </Button>
      <StopDialog isOpen={isOpen} onClose={close} />
    </>
  )
}

export function StopDialog({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  return (
    <Modal opened={isOpen} onClose={onClose} title="Stop isolating" centered>
      <StopForm onClose={onClose} />
    </Modal>
  )
}

function StopForm({ onClose }: { onClose(): void }) {
  const press = useChange(keys.stops, (api, organisationId: string | null) => api.pressStop({ organisationId }))
  const submit = (fields: FormData): void => press.mutate(chosenOrganisation(fields), { onSuccess: onClose })
  return (
    <DialogForm submit="Stop for 4 hours" color="red" isBusy={press.isPending} error={press.error} onSubmit={submit} onCancel={onClose}>
      <Text size="sm">
        For four hours nothing there is isolated by itself: people are asked, and nothing happens without their answer. Then the matrix
        decides again. What is isolated already stays so.
      </Text>
      <OrganisationSelect label="Where" none="everywhere: the whole fleet" />
    </DialogForm>
  )
}
