"""Icons of services and signs of what happened, as paths of SVG."""

from typing import Final

SERVICE_COLOURS: Final = {
    "Lambda": "#ed7100",
    "DynamoDB": "#3b48cc",
    "EventBridge": "#e7157b",
    "SQS": "#8c4fff",
    "SNS": "#b0084d",
}
OTHER_COLOUR: Final = "#57606a"

# Drawn on a square of 16 x 16.
ICONS: Final = {
    "Lambda": "M4.5,2.5H7.2L12,13.5H13.5M7.8,5.8L3.6,13.5",
    "DynamoDB": "M3,4C3,1.5 13,1.5 13,4S3,6.5 3,4V12C3,14.5 13,14.5 13,12V4M3,8C3,10.5 13,10.5 13,8",
    "EventBridge": "M8,5.4A2.6,2.6 0 1 0 8.01,5.4ZM8,5.4V2M5.8,9.6L3,12.8M10.2,9.6L13,12.8",
    "SQS": "M1.8,5H4.3V11H1.8ZM6.2,5H8.7V11H6.2ZM10.8,8H14.6M12.8,6L14.8,8L12.8,10",
    "SNS": "M2.5,6.5V9.5L10,13V3ZM12.4,6C13.4,7 13.4,9 12.4,10",
    "Choice": "M8,2.2L13.8,8L8,13.8L2.2,8Z",
    "Pass": "M3,8H12.4M9.4,5L12.6,8L9.4,11",
    "Parallel": "M3.4,3V13M8,3V13M12.6,3V13",
    "Wait": "M8,2A6,6 0 1 0 8.01,2ZM8,4.8V8L10.4,9.6",
}
OTHER_ICON: Final = "M3,3H13V13H3Z"
TICK: Final = "M0,4L3.4,7.6L9.4,0.6"
CROSS: Final = "M0.5,0.5L8,8M8,0.5L0.5,8"

# Signs of what happened, on a square of 16 x 16.
SIGNS: Final = {
    "succeeded": "M4,8.4L7,11.4L12.2,5",
    "retried": "M12.2,8A4.2,4.2 0 1 1 10.6,4.7M10.9,2.2V5H8.1",
    "caught": "M8,3.6V8.6M8,12V12.2",
    "failed": "M4.8,4.8L11.2,11.2M11.2,4.8L4.8,11.2",
    "running": "M4,8H4.1M8,8H8.1M12,8H12.1",
    "not-reached": "M4.4,8H11.6",
    "ended-confirmed": "M4,8.4L7,11.4L12.2,5",
    "ended-held": "M6,4.8V11.2M10,4.8V11.2",
    "ended-rejected": "M4.4,8H11.6",
    "ended-cancelled": "M6.4,3.4L3.6,6.2L6.4,9M3.6,6.2H9.2A3.1,3.1 0 0 1 9.2,12.4H6",
    "ended-without-change": "M4.6,6.2H11.4M4.6,9.8H11.4",
    "ended-failed": "M4.8,4.8L11.2,11.2M11.2,4.8L4.8,11.2",
    "ended-running": "M4,8H4.1M8,8H8.1M12,8H12.1",
}
