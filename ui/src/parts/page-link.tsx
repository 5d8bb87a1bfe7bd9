/** A link to another page, as Mantine draws links and with the addresses that the router knows. */
import { Anchor, type AnchorProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';

type StyledLinkProps = Omit<AnchorProps, 'href'> &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps> & { readonly ref?: Ref<HTMLAnchorElement> };

function StyledLink({ ref, ...props }: StyledLinkProps) {
  return <Anchor {...(ref && { ref })} {...props} />;
}

export const PageLink = createLink(StyledLink);
