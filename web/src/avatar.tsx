import type { CSSProperties, ReactElement, ReactNode } from 'react';

/** A colour of their own for each user, as a style for what stands in it. */
export function hueOf(userId: string): CSSProperties {
  let hue = 0;
  for (const char of userId) hue = (hue * 31 + char.codePointAt(0)!) % 360;
  return { '--hue': hue } as CSSProperties;
}

/** The picture of a user; the name stands beside it. */
export function Avatar({ userId, children }: { userId: string; children?: ReactNode }): ReactElement {
  return (
    <span className="presence-avatar" style={hueOf(userId)} aria-hidden="true">
      <span>{[...userId][0]?.toUpperCase()}</span>
      {children}
    </span>
  );
}
