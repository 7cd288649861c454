import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { isSecurity } from '#shared/domain/signal.ts'
import { ReasonDialog } from '../words/reason-dialog.tsx'
import { useTicketChange } from './use-ticket-change.ts'

/** One button undoes what was done on a false alarm; nothing where somebody may not, or where it is no attack. */
export function FalseAlarmButton({ ticket }: { ticket: TicketDetail }) {
  const [isAsking, { open, close }] = useDisclosure()
  const { id, version } = ticket
  const say = useTicketChange(id, (api, reason: string) => api.falseAlarm(id, { version, reason }))
  const isPossible = ticket.may.includes('false-alarm') && ticket.legalActions.includes('resolve')
  if (!isPossible || !isSecurity(ticket.kind) || !ticket.endpoint) return null
  return (
    <>
      <Button variant="default" onClick={open}>
        False alarm
      </Button>
      <ReasonDialog
        title={`Was #${ticket.number} a false alarm?`}
        sentence="The machine gets its network back, what was halted goes on, its program is excepted there for 30 days, and the ticket ends. Three in seven days disarm what found it."
        confirm="It was a false alarm"
        color="cyan"
        isOpen={isAsking}
        isBusy={say.isPending}
        onClose={close}
        onConfirm={(reason) => say.mutate(reason, { onSettled: close })}
      />
    </>
  )
}
