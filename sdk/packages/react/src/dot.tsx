import { STATUS_COLORS, statusText, type Status, type TextOptions, type UserPresence } from '@presenced/client';
import type { CSSProperties, ReactElement } from 'react';

// A shape for each status beside its colour, for those who do not see the difference of colours: a
// disc, a crescent, a disc with a bar, a ring. The thin line around keeps the light colours apart from
// a white page.
const LINE = 'rgba(0, 0, 0, 0.6)';
const SHAPES: Record<Status, (color: string) => ReactElement> = {
  online: (color) => <circle cx="6" cy="6" r="5" fill={color} stroke={LINE} />,
  away: (color) => <path d="M8.5 1.7A5 5 0 1 0 10.6 8 4.2 4.2 0 0 1 8.5 1.7Z" fill={color} stroke={LINE} />,
  busy: (color) => (
    <>
      <circle cx="6" cy="6" r="5" fill={color} stroke={LINE} />
      <path d="M3.5 6h5" stroke="#fff" strokeWidth="2" />
    </>
  ),
  offline: (color) => (
    <>
      <circle cx="6" cy="6" r="4" fill="none" stroke={color} strokeWidth="2" />
      <circle cx="6" cy="6" r="5.2" fill="none" stroke={LINE} strokeWidth="0.6" />
    </>
  ),
};

export interface PresenceDotProps {
  presence: Pick<UserPresence, 'status'>;
  /** What it is called for those who do not see it. Default: the status in words. */
  label?: string;
  /** Words and language of the default label. */
  text?: TextOptions;
  /** In pixels. Default: 12. */
  size?: number;
  /** True where the status stands beside it in words: assistive technology passes over it. */
  decorative?: boolean;
  className?: string;
  style?: CSSProperties;
}

/** The status as a coloured shape, labelled. `data-status` is for style sheets. */
export function PresenceDot({
  presence: { status }, label, text, size = 12, decorative = false, className, style,
}: PresenceDotProps): ReactElement {
  const name = label ?? statusText({ userId: '', status, lastSeen: 0, deviceCount: 0 }, text);
  return (
    <svg
      {...(decorative ? { 'aria-hidden': true } : { role: 'img', 'aria-label': name })}
      data-status={status}
      className={className}
      style={style}
      width={size}
      height={size}
      viewBox="0 0 12 12"
    >
      {SHAPES[status](STATUS_COLORS[status])}
    </svg>
  );
}
