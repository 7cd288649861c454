import { Checkbox, Modal, Radio, Stack } from '@mantine/core'
import { useState } from 'react'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { PersonsResolution } from '#shared/domain/ticket.ts'
import { DialogForm } from '../frame/dialog-form.tsx'
import { LongText } from '../frame/long-text.tsx'
import { resolutionName } from '../words/words.ts'
import { bodyOf, exceptedAtFirst, isUnsaid } from './excepted.ts'
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
  const [excepted, except] = useState(() => exceptedAtFirst(ticket))
  const isSparing = isNoise && isExcepted
  const resolve = useTicketChange(ticket.id, (api, input: { resolution: PersonsResolution; note: string }) =>
    isSparing
      ? api.callNoise(ticket.id, { version: ticket.version, reason: input.note.slice(0, maxReason) || meaning.noise, ...bodyOf(excepted) })
      : api.resolve(ticket.id, { version: ticket.version, ...input }),
  )
  const submit = (): void => resolve.mutate({ resolution, note: note.trim() }, { onSettled: onClose })
  const isBlank = isSparing && isUnsaid(excepted)
  return (
    <DialogForm submit="Resolve it" isBusy={resolve.isPending} isBlank={isBlank} onSubmit={submit} onCancel={onClose}>
      <Radio.Group label="How did it end?" value={resolution} onChange={(value) => setResolution(PersonsResolution.parse(value))}>
        <Stack gap={8} mt={8}>
          {PersonsResolution.options.map((option) => (
            <Radio key={option} value={option} label={resolutionName[option]} description={meaning[option]} />
          ))}
        </Stack>
      </Radio.Group>
      {isNoise && (
        <Checkbox
          label="Spare us the like of it until a date"
          checked={isExcepted}
          onChange={(event) => setExcepted(event.currentTarget.checked)}
        />
      )}
      {isSparing && <NoiseChoice ticket={ticket} excepted={excepted} onChange={except} />}
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
