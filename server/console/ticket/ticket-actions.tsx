import { Button, Group, Tooltip } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { ReasonDialog } from '../words/reason-dialog.tsx'
import { ReleaseDialog } from '../words/release-dialog.tsx'
import type { note } from '../words/release-note.ts'
import { FalseAlarmButton } from './false-alarm-button.tsx'
import { HopButtons, WaitButtons } from './hop-buttons.tsx'
import { NoiseButton } from './noise-button.tsx'
import { ResolveDialog } from './resolve-dialog.tsx'
import { useTicketChange } from './use-ticket-change.ts'

/** What this person may do with this ticket now; nothing else has a button. */
export function TicketActions({ ticket }: { ticket: TicketDetail }) {
  const acknowledge = useTicketChange(ticket.id, (api, version: number) => api.acknowledge(ticket.id, version))
  const [isResolving, resolving] = useDisclosure()
  const can = (act: 'acknowledge' | 'resolve'): boolean => ticket.may.includes(act) && ticket.legalActions.includes(act)
  return (
    <Group gap="xs">
      <ContainButtons ticket={ticket} />
      <FalseAlarmButton ticket={ticket} />
      <NoiseButton ticket={ticket} />
      <HopButtons ticket={ticket} />
      <WaitButtons ticket={ticket} />
      {can('resolve') && (
        <Button variant={can('acknowledge') ? 'default' : 'filled'} onClick={resolving.open}>
          Resolve
        </Button>
      )}
      {can('acknowledge') && (
        <Button loading={acknowledge.isPending} onClick={() => acknowledge.mutate(ticket.version)}>
          Acknowledge
        </Button>
      )}
      <ResolveDialog ticket={ticket} isOpen={isResolving} onClose={resolving.close} />
    </Group>
  )
}

function ContainButtons({ ticket }: { ticket: TicketDetail }) {
  const [asking, { open, close }] = useDisclosure()
  const isCutOff = ticket.isolation?.desired === 'isolated'
  const verb = isCutOff ? 'release' : 'isolate'
  const { version } = ticket
  const isolate = useTicketChange(ticket.id, (api, reason: string) => api.contain(ticket.id, 'isolate', { version, reason }))
  const release = useTicketChange(ticket.id, (api, said: ReturnType<typeof note>) => api.release(ticket.id, { version, ...said }))
  // While a question is open, its own box has the buttons.
  if (!ticket.endpoint || !ticket.isolation || ticket.containment === 'asked' || !ticket.may.includes(verb)) return null
  const whyNot =
    !isCutOff && ticket.isolation.notReady !== null ? `This machine can't be isolated: ${ticket.isolation.notReady}` : undefined
  return (
    <>
      <Tooltip label={whyNot} disabled={!whyNot} multiline maw={280}>
        <Button variant="default" {...(!whyNot && !isCutOff && { c: 'red' })} disabled={Boolean(whyNot)} onClick={open}>
          {isCutOff ? 'Release' : 'Isolate'}
        </Button>
      </Tooltip>
      <ReasonDialog
        title={`Isolate ${ticket.endpoint.hostname}?`}
        sentence="It will reach its collector and nothing else, whoever is working on it, until somebody releases it."
        confirm="Isolate it"
        color="red"
        isOpen={asking && !isCutOff}
        isBusy={isolate.isPending}
        onClose={close}
        onConfirm={(reason) => isolate.mutate(reason, { onSettled: close })}
      />
      <ReleaseDialog
        hostname={ticket.endpoint.hostname}
        isOpen={asking && isCutOff}
        isBusy={release.isPending}
        isOnTicket
        onClose={close}
        onConfirm={(said) => release.mutate(said, { onSettled: close })}
      />
    </>
  )
}
