import { Text } from '@mantine/core'
import { useSession } from '../session/session.ts'

/** On every page: whose word the machines take, so that nobody believes more is guarded than is. */
export function TrustLine() {
  const { trust } = useSession()
  return (
    <Text component="footer" size="xs" c="dimmed" ta="center" py="xs" data-trust={trust.by}>
      {sentenceOn(trust)}
    </Text>
  )
}

function sentenceOn({ by, operators }: ReturnType<typeof useSession>['trust']): string {
  if (by === 'collector') return 'trust: collector. Machines do whatever this collector signs; whoever runs it commands them all.'
  if (operators === 0) return 'trust: operators. Nobody is one: only what protects machines runs.'
  if (operators === 1) return 'trust: operators. One operator only: one signature is enough for what is risky.'
  return `trust: operators. ${operators} people sign what is more than protective.`
}
