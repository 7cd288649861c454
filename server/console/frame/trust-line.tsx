import { Text } from '@mantine/core'
import { useSession } from '../session/session.ts'
import { trustInWords } from '../words/trust.ts'

/** On every page: whose word the machines take, so that nobody believes more is guarded than is. */
export function TrustLine() {
  const { trust } = useSession()
  return (
    <Text component="footer" size="xs" c="dimmed" ta="center" py="xs" data-trust={trust.by}>
      {trustInWords(trust)}
    </Text>
  )
}
