import { Button, type ButtonProps, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { ReactNode } from 'react'

interface DialogButtonProps extends ButtonProps {
  label: string
  /** Of the dialog; the label when absent. */
  title?: string
  /** What the dialog holds. It begins afresh each time it is opened. */
  dialog(close: () => void): ReactNode
}

/** A button that opens a dialog. */
export function DialogButton({ label, title = label, dialog, ...look }: DialogButtonProps) {
  const [isOpen, { open, close }] = useDisclosure()
  return (
    <>
      <Button size="xs" {...look} onClick={open}>
        {label}
      </Button>
      <Modal opened={isOpen} onClose={close} title={title} centered>
        {dialog(close)}
      </Modal>
    </>
  )
}
