import { Modal, Radio, Stack } from '@mantine/core'
import { useState } from 'react'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { PersonsResolution } from '#shared/domain/ticket.ts'
import { DialogForm } from '../frame/dialog-form.tsx'
import { LongText } from '../frame/long-text.tsx'
import { resolutionName } from '../words/words.ts'
import { NoiseChoice } from './noise-choice.tsx'
import { useTicketChange } from './use-ticket-change.ts'

/** Of a reason that an exception keeps. */
const maxReason = 500

const meaning: Record<PersonsResolution, string> = {
  fixed: 'It was real, and it is over.',
  'false-alarm': 'What was noticed was not what it looked like.',
  noise: 'True, but nobody needs to hear of it.',
  duplicate: 'Another ticket has the same trouble.',
  'wont-fix': 'Real, and it stays so.',
}

export function ResolveDialog({ ticket, isOpen, onClose }: { ticket: TicketDetail; isOpen: boolean; onClose(): void }) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={`Resolve #${ticket.number}`} centered>
      <ResolveForm ticket={ticket} onClose={onClose} />
    </Modal>
  )
}

function ResolveForm({ ticket, onClose }: { ticket: TicketDetail; onClose(): void }) {
  const [resolution, setResolution] = useState<PersonsResolution>('fixed')
  const [note, setNote] = useState('')
  const isNoise = resolution === 'noise'
  const [isExcepted, setExcepted] = useState(false)
  const resolve = useTicketChange(ticket.id, (api, input: { resolution: PersonsResolution; note: string }) =>
    isNoise && isExcepted
      ? api.callNoise(ticket.id, { version: ticket.version, reason: input.note.slice(0, maxReason) || meaning.noise })
      : api.resolve(ticket.id, { version: ticket.version, ...input }),
  )
  const submit = (): void => resolve.mutate({ resolution, note: note.trim() }, { onSettled: onClose })
  return (
    <DialogForm submit="Resolve it" isBusy={resolve.isPending} onSubmit={submit} onCancel={onClose}>
      <Radio.Group label="How did it end?" value={resolution} onChange={(value) => setResolution(PersonsResolution.parse(value))}>
        <Stack gap={8} mt={8}>
          {PersonsResolution.options.map((option) => (
            <Radio key={option} value={option} label={resolutionName[option]} description={meaning[option]} />
          ))}
        </Stack>
      </Radio.Group>
      {isNoise && <NoiseChoice ticket={ticket} isExcepted={isExcepted} onChange={setExcepted} />}
      <LongText
        label="Note"
        placeholder="What it was, and what helped. The next person with the same trouble reads it, and so does whoever asked."
        minRows={3}
        text={note}
        onChange={setNote}
      />
    </DialogForm>
  )
}
