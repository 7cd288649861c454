import { Button, Center, EmptyState, Loader } from '@mantine/core'
import { useRouter } from '@tanstack/react-router'
import { sentenceOf } from '#shared/domain/fault.ts'
import { PageButton } from './page-link.tsx'

/** A page, or a part of one, that could not be read: says why, and offers to try again. */
export function PageProblem({ error, reset }: { error: unknown; reset?: () => void }) {
  const router = useRouter()
  const again = (): void => {
    reset?.()
    void router.invalidate()
  }
  return (
    <Center mih="50dvh" p="md">
      <EmptyState title="This can't be shown" description={sentenceOf(error)}>
        <EmptyState.Actions>
          <Button variant="default" onClick={again}>
            Try again
          </Button>
        </EmptyState.Actions>
      </EmptyState>
    </Center>
  )
}

/** The first reading of a page, which is seldom long enough to be seen. */
export function PageReading() {
  return (
    <Center mih="50dvh">
      <Loader type="dots" aria-label="Reading" />
    </Center>
  )
}

export function PageMissing() {
  return (
    <Center mih="50dvh" p="md">
      <EmptyState title="There is no such page" description="The address may be old, or cut short.">
        <EmptyState.Actions>
          <PageButton to="/" variant="default">
            To the board
          </PageButton>
        </EmptyState.Actions>
      </EmptyState>
    </Center>
  )
}
