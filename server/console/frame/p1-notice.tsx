import { notifications } from '@mantine/notifications'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useEffectEvent, useRef } from 'react'
import type { TicketSummary } from '#shared/api/tickets.ts'
import { useApi } from '../api/api-context.tsx'
import { openTicketsQuery } from '../api/queries.ts'

/** Counts the P1s nobody has acknowledged in the tab's title, and says each one that comes in while somebody looks. */
export function P1Notice() {
  const { data } = useQuery(openTicketsQuery(useApi()))
  const waiting = data?.tickets.filter((ticket) => ticket.priority === 'P1' && ticket.status === 'new')
  useTitle(waiting?.length ?? 0)
  useAnnouncement(waiting)
  return null
}

function useTitle(count: number): void {
  useEffect(() => {
    document.title = count > 0 ? `(${count} P1) Tierline` : 'Tierline'
  }, [count])
}

function useAnnouncement(waiting: TicketSummary[] | undefined): void {
  const navigate = useNavigate()
  const known = useRef<Set<string>>(undefined)
  const announce = useEffectEvent((ticket: TicketSummary) => {
    notifications.show({
      id: ticket.id,
      color: 'red',
      title: `P1 #${ticket.number}${ticket.endpoint ? ` on ${ticket.endpoint.hostname}` : ''}`,
      message: ticket.title,
      autoClose: 15_000,
      onClick: () => {
        notifications.hide(ticket.id)
        void navigate({ to: '/tickets/$id', params: { id: ticket.id } })
      },
      style: { cursor: 'pointer' },
    })
  })
  useEffect(() => {
    if (!waiting) return
    if (known.current) for (const ticket of waiting) if (!known.current.has(ticket.id)) announce(ticket)
    known.current = new Set([...(known.current ?? []), ...waiting.map((ticket) => ticket.id)])
  }, [waiting])
}
