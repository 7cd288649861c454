import { Anchor, type AnchorProps, Button, type ButtonProps, Menu, type MenuItemProps } from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes } from 'react'

type AnchorElement = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'style' | 'color'>

/** Mantine's look with the router's knowledge of which pages there are. */
export const PageLink = createLink((props: AnchorProps & AnchorElement) => <Anchor {...props} />)
export const PageButton = createLink((props: ButtonProps & AnchorElement) => <Button component="a" {...props} />)
export const PageMenuItem = createLink((props: MenuItemProps & AnchorElement) => <Menu.Item component="a" {...props} />)
