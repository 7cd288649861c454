import { Modal, Radio, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { z } from 'zod'
import { DialogForm } from '../frame/dialog-form.tsx'
import { useIsProvider } from '../session/session.ts'
import { ReasonField } from './reason-field.tsx'
import { note } from './release-note.ts'

const Restored = z.enum(['restored', 'as-it-is', 'false-alarm', 'with-customer'])
export type Restored = z.infer<typeof Restored>

const labels: Record<Restored, string> = {
  restored: 'It is restored from a backup, or there was nothing to restore',
  'as-it-is': 'It comes back as it is, for this reason',
  'false-alarm': 'It was a false alarm: what was halted goes on, and the ticket ends',
  'with-customer': 'The customer’s own IT lets it go when they are ready',
}

interface ReleaseDialogProps {
  hostname: string
  isOpen: boolean
  isBusy: boolean
  /** Of a ticket, on which a customer's own IT can say their part. */
  isOnTicket?: boolean
  onClose(): void
  onConfirm(release: ReturnType<typeof note>): void
}

/** Asks whether the machine is restored before it gets its network back; what is answered stands on the record. */
export function ReleaseDialog(props: ReleaseDialogProps) {
  return (
    <Modal opened={props.isOpen} onClose={props.onClose} title={`Release ${props.hostname}?`} centered>
      <ReleaseForm {...props} />
    </Modal>
  )
}

function ReleaseForm({ isBusy, isOnTicket = false, onClose, onConfirm }: ReleaseDialogProps) {
  const isProvider = useIsProvider()
  const [reason, setReason] = useState('')
  const [restored, setRestored] = useState<Restored>('restored')
  const said = reason.trim()
  const confirm = (): void => onConfirm(note(said, restored))
  return (
    <DialogForm submit="Release it" color="cyan" isBusy={isBusy} isBlank={said === ''} onSubmit={confirm} onCancel={onClose}>
      <Text size="sm">
        {isProvider
          ? 'It gets its whole network back at once. Make sure that what happened there is over.'
          : 'It gets its whole network back once one of the provider has agreed.'}
      </Text>
      <ReasonField reason={reason} onChange={setReason} />
      {isProvider && (
        <Radio.Group label="Is it restored?" value={restored} onChange={(value) => setRestored(Restored.parse(value))}>
          <Stack gap={8} mt={6}>
            {Restored.options
              .filter((each) => isOnTicket || each !== 'with-customer')
              .map((each) => (
                <Radio key={each} value={each} label={labels[each]} />
              ))}
          </Stack>
        </Radio.Group>
      )}
    </DialogForm>
  )
}
